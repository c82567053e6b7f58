/// Tasks that wait, by slot and place; the earliest deadline first, then the oldest.
struct WaitingTasks {
    private struct Bucket: Hashable {
        let capability: String
        let locality: String
    }

    private struct Ticket: Comparable {
        let deadline: UInt64
        let number: UInt64
        let id: TaskID

        static func < (left: Ticket, right: Ticket) -> Bool {
            (left.deadline, left.number) < (right.deadline, right.number)
        }
    }

    private var buckets: [Bucket: [Ticket]] = [:]
    private(set) var count = 0

    private static func place(_ record: TaskRecord) -> (Bucket, Ticket) {
        let deadline = record.task.deadlineMilliseconds
        return (
            Bucket(capability: record.task.capability, locality: record.task.locality),
            Ticket(
                deadline: deadline == 0 ? .max : deadline, number: record.number, id: record.task.id)
        )
    }

    mutating func insert(_ record: TaskRecord) {
        let (bucket, ticket) = Self.place(record)
        let index = Self.index(of: ticket, in: buckets[bucket] ?? [])
        buckets[bucket, default: []].insert(ticket, at: index)
        count += 1
    }

    mutating func remove(_ record: TaskRecord) {
        let (bucket, ticket) = Self.place(record)
        let tickets = buckets[bucket] ?? []
        let index = Self.index(of: ticket, in: tickets)
        guard index < tickets.count, tickets[index].id == ticket.id else { return }
        buckets[bucket]?.remove(at: index)
        if buckets[bucket]?.isEmpty == true { buckets[bucket] = nil }
        count -= 1
    }

    /// The first that fits a slot and one of the places, and that `isDue` lets through.
    func first(capability: String, localities: [String], where isDue: (TaskID) -> Bool) -> TaskID? {
        var best: Ticket?
        for locality in [""] + localities {
            let bucket = Bucket(capability: capability, locality: locality)
            guard let ticket = buckets[bucket]?.first(where: { isDue($0.id) }) else { continue }
            if best.map({ ticket < $0 }) ?? true { best = ticket }
        }
        return best?.id
    }

    private static func index(of ticket: Ticket, in tickets: [Ticket]) -> Int {
        var low = 0
        var high = tickets.count
        while low < high {
            let middle = (low + high) / 2
            if tickets[middle] < ticket { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
