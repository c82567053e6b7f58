/// How long addresses that were not reached are left alone.
///
/// By host and port, not by peer: otherwise somebody who makes up many peers at one place has us call there without
/// end.
struct DialPauses: Sendable {
    private struct Pause: Sendable {
        var failures: UInt64
        var until: UInt64
    }

    /// Milliseconds after the first failure; after each more twice as many.
    static let first = Milliseconds.minute
    /// Milliseconds at most.
    static let longest = Milliseconds.hour
    /// Addresses that are remembered; beyond, the one that failed first is forgotten.
    static let most = 4_096

    private var pauses: [Multiaddress: Pause] = [:]
    private var order: [Multiaddress] = []

    func isOver(_ address: Multiaddress, now: UInt64) -> Bool {
        (pauses[address]?.until ?? 0) <= now
    }

    mutating func failed(_ address: Multiaddress, now: UInt64, jitter: UInt64) {
        let failures = pauses[address]?.failures ?? 0
        if pauses[address] == nil {
            if order.count >= Self.most { pauses[order.removeFirst()] = nil }
            order.append(address)
        }
        let pause = min(Self.first << min(failures, 16), Self.longest)
        pauses[address] = Pause(
            failures: failures + 1, until: Milliseconds.sum(now, pause + jitter % (pause / 4)))
    }

    mutating func reached(_ address: Multiaddress) {
        guard pauses.removeValue(forKey: address) != nil else { return }
        order.removeAll { $0 == address }
    }
}
