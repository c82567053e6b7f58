import ConsensusCore
import NodeDomain
import NodeEncoding
import TestSupport
import Testing

/// Events in any order, with numbers that nobody gave out and blocks that nobody asked for.
@Suite("Consensus: catching up amid noise")
struct CatchUpNoiseTests {
    private static let chain = CatchUpChain(90, term: 20)

    @Test("whatever comes in whatever order, bounds hold and blocks come in order", arguments: 1...20)
    func noise(_ seed: UInt64) {
        var dice = SplitMix(seed: seed)
        var core = CatchUp(Self.chain.context(1), Self.chain.rules, check: CatchUpChain.check)
        var (height, now, isApplying): (UInt64, UInt64, Bool) = (1, 0, false)
        for _ in 0..<1500 {
            now += UInt64(dice.below(400))
            var event = Self.event(&dice)
            if isApplying, dice.below(3) == 0 {
                event = .reached(Self.chain.context(height))
                isApplying = false
            }
            for action in core.handle(event, now: now) {
                switch action {
                case .apply(let block, _):
                    #expect(!isApplying && block.block.header.height == height)
                    height += 1
                    isApplying = true
                case .ask(_, let peer, let from, let count):
                    #expect(peer != 0 && count > 0 && count <= 64 && from >= height)
                case .halt(let text): Issue.record("\(text)")
                case .cancel, .live, .blame: break
                }
            }
            #expect(core.waiting <= CatchUpLimit.requests)
            if height > Self.chain.height { return }
        }
    }

    private static func event(_ dice: inout SplitMix) -> CatchUpEvent {
        let id = UInt64(dice.below(60))
        switch dice.below(10) {
        case 0: return .claimed(peer: UInt64(dice.below(20)), height: UInt64(dice.below(120)))
        case 1: return .claimed(peer: UInt64(dice.below(20)), height: dice.next() | 1 << 63)
        case 2: return .failed(id: id, [.busy, .gone, .broken, .malformed("noise")][dice.below(4)])
        case 3: return .progressed(id: id, bytes: Int(truncatingIfNeeded: dice.next()))
        case 4: return .answered(id: id, [EncodedBlock(block: [6], certificate: [])], isLast: true)
        case 5: return .tick
        default:
            let from = UInt64(1 + dice.below(100))
            let blocks = (from..<from + UInt64(dice.below(20))).compactMap { chain.encoded($0) }
            return .answered(id: id, blocks, isLast: dice.below(3) == 0)
        }
    }
}
