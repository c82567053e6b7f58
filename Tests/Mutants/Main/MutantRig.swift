import ConsensusCore
import ConsensusSim

/// Runs seeds with one rule of consensus broken, until somebody sees it: `MutantRig NUMBER FIRST LAST`; 0: no rule is broken.
@main
struct MutantRig {
    static func main() {
        let words = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
        guard words.count == 3, words[1] <= words[2] else {
            return print("usage: MutantRig NUMBER FIRST LAST")
        }
        Mutant.active = Int(words[0])
        for seed in words[1]...words[2] {
            let report = SimWorld(seed: seed, SimOptions(seed: seed)).run()
            guard let violation = report.violations.first else { continue }
            return print("found \(seed) \(violation)")
        }
        print("none \(words[2])")
    }
}
