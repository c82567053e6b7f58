internal import TestSupport

/// What a run of the simulator is made of; all of it follows from the seed.
package struct SimOptions: Sendable {
    /// Members.
    package var nodes = 4
    /// Heights to decide.
    package var heights: UInt64 = 3
    /// Members whose key runs twice.
    package var twins = 0
    /// Members that lie.
    package var liars = 0
    /// Messages of a hundred that are lost before the network heals.
    package var loss = 5
    /// Messages of a hundred that arrive twice.
    package var doubles = 5
    /// Longest delay before the network heals, in milliseconds.
    package var delay: UInt64 = 150
    /// Of a hundred steps of rounds, how many are cut in two.
    package var cuts = 40
    /// Crashes before the network heals.
    package var crashes = 2
    /// Of a hundred crashes, how many come because the disk is full.
    package var fullDisks = 20
    /// How far clocks are off before the network heals.
    package var skew: UInt64 = 1000
    /// When the network heals, in milliseconds after the start.
    package var healing: UInt64 = 8000
    /// Whether powers differ.
    package var isUnequal = true
    /// Leaders and cuts, where they are not left to chance.
    package var script: SimScript?

    /// The usual run.
    package init() {}

    /// A run that nothing disturbs.
    package static var clean: SimOptions {
        var options = SimOptions()
        (options.loss, options.doubles, options.cuts, options.crashes) = (0, 0, 0, 0)
        (options.skew, options.delay, options.healing) = (0, 20, 0)
        return options
    }

    /// What a seed stands for.
    package init(seed: UInt64) {
        var dice = SplitMix(seed: seed)
        nodes = [4, 7, 10][Int(seed % 3)]
        let faulty = (nodes - 1) / 3
        twins = dice.below(faulty + 1)
        liars = dice.below(faulty - twins + 1)
        loss = dice.below(25)
        doubles = dice.below(20)
        delay = 20 + UInt64(dice.below(250))
        cuts = dice.below(80)
        crashes = dice.below(4)
        fullDisks = dice.below(50)
        healing = 2000 + UInt64(dice.below(8000))
        isUnequal = dice.below(4) != 0
    }
}
