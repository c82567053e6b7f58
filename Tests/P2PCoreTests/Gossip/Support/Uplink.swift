import P2PCore

/// What waits to leave a node, the most important class first; what is withdrawn does not leave.
struct Uplink {
    struct Item {
        let peer: Int
        let bytes: [UInt8]
        let message: MessageID?
    }

    private var queues: [[Item]] = Array(repeating: [], count: MessageClass.allCases.count)
    private var heads = [Int](repeating: 0, count: MessageClass.allCases.count)
    var isBusy = false

    mutating func add(_ item: Item, _ order: MessageClass) { queues[Int(order.rawValue)].append(item) }

    mutating func take() -> Item? {
        for order in queues.indices where heads[order] < queues[order].count {
            defer {
                heads[order] += 1
                if heads[order] == queues[order].count {
                    queues[order] = []
                    heads[order] = 0
                }
            }
            return queues[order][heads[order]]
        }
        return nil
    }

    /// - Returns: bytes that do not leave; nil: it had left.
    mutating func withdraw(_ message: MessageID, _ peer: Int) -> Int? {
        for order in queues.indices {
            guard
                let place = queues[order][heads[order]...].firstIndex(where: {
                    $0.peer == peer && $0.message == message
                })
            else { continue }
            return queues[order].remove(at: place).bytes.count
        }
        return nil
    }
}
