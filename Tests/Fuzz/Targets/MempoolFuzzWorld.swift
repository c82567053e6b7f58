import MempoolCore
import NodeDomain

/// What the mempool reads of others: announcements of peers, and a journal of which anything may be left.
enum MempoolFuzzWorld {
    /// The first byte chooses a decoder, the rest is its bytes.
    static func run(_ input: UnsafeRawBufferPointer) {
        guard let choice = input.first else { return }
        let bytes = [UInt8](input.dropFirst())
        switch choice % 2 {
        case 0: announcement(bytes)
        default: journal(bytes)
        }
    }

    /// What is taken has that one encoding, and is asked for once.
    private static func announcement(_ bytes: [UInt8]) {
        guard let announcement = try? Announcement(bytes: bytes), let peer = Peer([1]) else { return }
        precondition(announcement.bytes == bytes, "written otherwise than read")
        var exchange = Exchange()
        let actions = exchange.handle(.announced(peer, announcement), now: 0) { _ in false }
        let asked = actions.reduce(0) { sum, action in
            if case .pull(_, _, let ids) = action { sum + ids.count } else { sum }
        }
        precondition(asked == announcement.ids.count, "an id was asked for twice, or not")
        let again = exchange.handle(.announced(peer, announcement), now: 1) { _ in false }
        precondition(again.isEmpty, "asked for again")
    }

    /// The good part of a journal reads the same by itself.
    private static func journal(_ bytes: [UInt8]) {
        let reading = JournalReading(bytes)
        precondition(reading.goodBytes <= bytes.count, "more is good than there is")
        let part = JournalReading(Array(bytes[..<reading.goodBytes]))
        precondition(
            part.fault == nil && part.candidates == reading.candidates && part.records == reading.records,
            "the good part reads otherwise")
        var pool = Mempool(MempoolLimits(), height: 1, epoch: 0)
        for candidate in reading.candidates { _ = pool.handle(.judged(candidate, .item)) }
    }

    static func seeds() -> [[UInt8]] {
        let ids = (0..<40 as Range<UInt64>).map { Bytes32(1, 2, 3, $0) }
        let announcements = CandidateKind.allCases.flatMap { kind in
            [1, 2, 40].compactMap { Announcement(kind, Array(ids[..<$0]))?.bytes }
        }
        var journals = [Journal.mark]
        for (number, kind) in CandidateKind.allCases.enumerated() {
            let raw = [UInt8](repeating: kind.rawValue, count: 30 + 40 * number)
            let admitted = Journal.bytes(of: .admitted(kind, arrival: UInt64(number), raw: raw))
            journals.append((journals.last ?? []) + admitted)
            journals.append(
                (journals.last ?? []) + Journal.bytes(of: .removed(Candidate(kind, raw).id)) + admitted)
        }
        return announcements.map { [0] + $0 } + journals.map { [1] + $0 } + [[0], [1], []]
    }
}
