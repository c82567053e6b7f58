/// Which task runs next: each lane takes one at a time, the earliest deadline first, then the one that came first.
///
/// A lane is a physical disk for scans, the processor for labels, RandomX for proofs of work.
package struct LaneSchedule: Sendable {
    /// What waits or runs.
    package struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
        /// Where.
        package let lane: String
        fileprivate let deadline: UInt64
    }

    private var nextNumber: UInt64 = 0
    private var running: [String: Ticket] = [:]
    private var waiting: [String: [Ticket]] = [:]

    /// Nothing runs.
    package init() {}

    /// Comes to a lane.
    ///
    /// - Parameter deadline: Unix milliseconds; 0: none, after all that have one.
    /// - Returns: the ticket, and whether it runs at once.
    package mutating func enter(_ lane: String, deadline: UInt64) -> (ticket: Ticket, runs: Bool) {
        let ticket = Ticket(number: nextNumber, lane: lane, deadline: deadline == 0 ? .max : deadline)
        nextNumber += 1
        guard running[lane] != nil else {
            running[lane] = ticket
            return (ticket, true)
        }
        waiting[lane, default: []].append(ticket)
        return (ticket, false)
    }

    /// Goes away, whether it ran or waited.
    ///
    /// - Returns: who runs now in its place.
    package mutating func leave(_ ticket: Ticket) -> Ticket? {
        guard running[ticket.lane] == ticket else {
            waiting[ticket.lane]?.removeAll { $0 == ticket }
            return nil
        }
        running[ticket.lane] = nil
        let first = waiting[ticket.lane]?.min { ($0.deadline, $0.number) < ($1.deadline, $1.number) }
        guard let next = first else {
            waiting[ticket.lane] = nil
            return nil
        }
        waiting[ticket.lane]?.removeAll { $0 == next }
        running[ticket.lane] = next
        return next
    }

    /// Whether it is this one's turn.
    package func runs(_ ticket: Ticket) -> Bool { running[ticket.lane] == ticket }

    /// Whether nobody is in a lane.
    package func isFree(_ lane: String) -> Bool { running[lane] == nil }
}
