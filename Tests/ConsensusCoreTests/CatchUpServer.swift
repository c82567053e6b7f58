import ConsensusCore
import NodeDomain
import NodeEncoding
import TestSupport

/// What a server of blocks does.
enum ServerCharacter: String, CaseIterable, Sendable {
    case honest
    /// It never answers.
    case silent
    /// It has nothing of what it says it has.
    case empty
    /// It sends bytes that are no blocks.
    case garbage
    /// It sends the blocks of other heights.
    case shifted
    /// It sends a chain of its own.
    case forged
    /// It sends certificates of too few members.
    case weak
    /// It changes what a block holds.
    case altered
    /// It sends one block of each range.
    case truncated
    /// It sends more than it was asked for.
    case endless
    /// It sends a block now and then.
    case slow
    /// It sends single bytes now and then.
    case dripping
    /// It claims a height that nobody has.
    case boasting
    /// The height that it claims shrinks.
    case shrinking
    /// It sends good blocks, and a bad one at the end.
    case spoiling
    /// It always has too much to do.
    case busy
    /// Its connection breaks.
    case breaking
    /// Its answers are larger than they may be.
    case bloated

    /// Whether an honest peer could behave so, or it is cut short before it is known: then it is not blamed.
    var isExcusable: Bool {
        switch self {
        case .honest, .silent, .empty, .truncated, .endless, .slow, .dripping, .boasting, .busy, .breaking:
            true
        default: false
        }
    }
}

/// A server of blocks behind a line: it answers one request after the other.
struct CatchUpServer {
    let handle: UInt64
    let character: ServerCharacter
    /// Bytes that its line carries in a millisecond.
    let rate: Int
    /// Milliseconds of its line, one way.
    let delay: UInt64
    private var freeAt: UInt64 = 0
    private var claims = 0

    init(_ handle: UInt64, _ character: ServerCharacter, rate: Int = 500, delay: UInt64 = 30) {
        (self.handle, self.character, self.rate, self.delay) = (handle, character, rate, delay)
    }

    /// What it says of its height.
    mutating func claim(_ chain: CatchUpChain) -> UInt64 {
        claims += 1
        switch character {
        case .boasting: return 1 << 62
        case .shrinking: return chain.height + 1 - min(chain.height, UInt64(claims) * 40)
        default: return chain.height + 1
        }
    }

    /// What comes of a request, and when.
    mutating func answer(
        _ id: UInt64, from: UInt64, count: UInt64, _ chains: CatchUpWorld.Chains, at now: UInt64
    ) -> [(at: UInt64, event: CatchUpEvent)] {
        let start = max(now + delay, freeAt)
        switch character {
        case .silent: return []
        case .empty, .boasting: return [(start + delay, .answered(id: id, [], isLast: true))]
        case .busy: return [(start + delay, .failed(id: id, .busy))]
        case .breaking: return [(start + delay, .failed(id: id, .broken))]
        case .dripping:
            return (0..<10).map { (start + UInt64($0) * 9000, .progressed(id: id, bytes: 1)) }
        default: break
        }
        var pieces: [(UInt64, CatchUpEvent)] = []
        var (bytes, clock) = (0, start)
        let list = blocks(from, count, chains)
        for (place, block) in list.enumerated() {
            let size = block.block.count + block.certificate.count
            // An honest server stops where the next block does not fit.
            if bytes > 0, bytes + size > CatchUpLimit.answerBytes, character != .bloated { break }
            bytes += size
            clock += character == .slow ? 9000 : character == .bloated ? 1 : UInt64(max(1, size / rate))
            let next = place + 1 < list.count ? list[place + 1] : nil
            let fits = next.map { bytes + $0.block.count + $0.certificate.count <= CatchUpLimit.answerBytes }
            let isLast = character != .endless && (next == nil || fits == false && character != .bloated)
            pieces.append((clock + delay, .answered(id: id, [block], isLast: isLast)))
        }
        freeAt = character == .slow ? start : clock
        return pieces.isEmpty ? [(start + delay, .answered(id: id, [], isLast: true))] : pieces
    }

    private func blocks(_ from: UInt64, _ count: UInt64, _ chains: CatchUpWorld.Chains) -> [EncodedBlock] {
        let (real, other) = (chains.real, chains.forged)
        let range = from..<from + count
        switch character {
        case .garbage:
            return range.map { EncodedBlock(block: [6, UInt8(truncatingIfNeeded: $0)], certificate: []) }
        case .shifted: return range.compactMap { real.encoded($0 + 1) }
        case .forged: return range.compactMap { other.encoded($0) }
        case .weak: return range.compactMap { weak($0, real) }
        case .altered: return range.compactMap { altered($0, real) }
        case .truncated: return Array(range.compactMap { real.encoded($0) }.prefix(1))
        case .endless: return (from..<from + 4 * count).compactMap { real.encoded($0) }
        case .spoiling:
            return range.dropLast().compactMap { real.encoded($0) }
                + [weak(range.upperBound - 1, real)].compactMap(\.self)
        case .bloated:
            return range.compactMap { real.encoded($0) }.map {
                EncodedBlock(
                    block: $0.block + [UInt8](repeating: 0, count: 1 << 20), certificate: $0.certificate)
            }
        default: return range.compactMap { real.encoded($0) }
        }
    }

    private func weak(_ height: UInt64, _ chain: CatchUpChain) -> EncodedBlock? {
        guard let encoded = chain.encoded(height), let block = try? Block(wire: encoded.block),
            let parts = BlockParts(block)
        else { return nil }
        let commit = chain.certificate(for: block, parts.reference, chain.context(height), by: [3])
        return EncodedBlock(block: encoded.block, certificate: commit.wire)
    }

    private func altered(_ height: UInt64, _ chain: CatchUpChain) -> EncodedBlock? {
        guard let encoded = chain.encoded(height), var block = try? Block(wire: encoded.block) else {
            return nil
        }
        block.transactions.append([1, 2, 3])
        return EncodedBlock(block: block.wire, certificate: encoded.certificate)
    }
}
