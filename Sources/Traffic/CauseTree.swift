internal import NodeProtocol

/// What one message led to: requests with their outcomes, and the messages that they caused.
///
/// Built from the records that are kept; causes that are not kept any more are said to be so.
package struct CauseTree: Sendable {
    /// A message with what became of it.
    package struct Node: Sendable {
        package let item: TrafficItem
        package var outcome: TrafficItem?
        package var streamItems = 0
        package var children: [MessageID] = []
    }

    private var nodes: [MessageID: Node] = [:]
    private var order: [MessageID] = []

    /// Reads all items, oldest first.
    package init(_ items: [TrafficItem]) {
        for item in items { add(item) }
        for id in order {
            guard let node = nodes[id], let cause = node.item.cause, cause != id else { continue }
            nodes[cause]?.children.append(id)
        }
    }

    private mutating func add(_ item: TrafficItem) {
        if let id = item.messageID, [1, 4, 5].contains(item.header.kind) {
            if nodes.updateValue(Node(item: item), forKey: id) == nil { order.append(id) }
        } else if let id = item.answered {
            if item.header.kind == 6 {
                nodes[id]?.streamItems += 1
            } else if item.header.kind != 7 || item.header.dest != 0 {
                nodes[id]?.outcome = item
            }
        }
    }

    /// A message, if it is kept.
    package func node(_ id: MessageID) -> Node? {
        nodes[id]
    }

    /// Ids of messages with this number, of whomever.
    package func ids(numbered id: UInt64) -> [MessageID] {
        order.filter { $0.id == id || $0.short == id }
    }

    /// The message that began it all, as far back as is kept.
    package func root(of id: MessageID) -> MessageID {
        var current = id
        // A chain is as long as there are messages at most; a ring of causes ends here too.
        for _ in 0..<order.count {
            guard let cause = nodes[current]?.item.cause, nodes[cause] != nil, cause != id else { break }
            current = cause
        }
        return current
    }

    /// The tree from its root as lines of about `columns` characters; `marked` is pointed out.
    package func lines(
        _ root: MessageID, marked: MessageID, view: TrafficView, columns: Int = 260
    ) -> [String] {
        guard let node = nodes[root] else { return [] }
        var lines: [String] = []
        if let cause = node.item.cause {
            lines.append("… \(view.text(cause)) is no longer kept")
        }
        var shown: Set<MessageID> = []
        let drawing = Drawing(
            start: node.item.nanoseconds, marked: marked, view: view, columns: columns)
        draw(root, "", "", drawing, &lines, &shown)
        return lines
    }

    /// What stays the same over a whole tree.
    private struct Drawing {
        let start: UInt64
        let marked: MessageID
        let view: TrafficView
        let columns: Int

        /// A line with as much of a payload as has room.
        func line(_ head: String, _ item: TrafficItem) -> String {
            "\(head)  \(view.payloadLine(item, limit: min(200, max(20, columns - head.count - 2))))"
        }
    }

    private func draw(
        _ id: MessageID, _ first: String, _ rest: String, _ drawing: Drawing, _ lines: inout [String],
        _ shown: inout Set<MessageID>
    ) {
        guard let node = nodes[id], shown.insert(id).inserted, lines.count < 10_000 else { return }
        lines.append(drawing.line(first + text(node, drawing, isMarked: id == drawing.marked), node.item))
        for (index, child) in node.children.enumerated() {
            let isLast = index == node.children.count - 1 && node.outcome == nil
            draw(
                child, rest + (isLast ? "└─ " : "├─ "), rest + (isLast ? "   " : "│  "), drawing, &lines,
                &shown)
        }
        if let outcome = node.outcome {
            lines.append(drawing.line(rest + "└─ " + text(outcome, of: node, drawing.view), outcome))
        }
    }

    private func text(_ node: Node, _ drawing: Drawing, isMarked: Bool) -> String {
        let item = node.item
        let (start, view) = (drawing.start, drawing.view)
        let id = view.text(MessageID(source: item.header.source, id: item.header.id))
        let refused = item.isRefused ? "  REFUSED" : ""
        let since = item.nanoseconds >= start ? "+" + span(item.nanoseconds - start) : ""
        let mark = isMarked ? " ◀" : ""
        return
            "\(since)  \(id)\(mark)  \(view.typeName(item.header.type)) → \(view.destination(item))\(refused)"
    }

    private func text(_ outcome: TrafficItem, of node: Node, _ view: TrafficView) -> String {
        let took =
            outcome.nanoseconds >= node.item.nanoseconds
            ? span(outcome.nanoseconds - node.item.nanoseconds) : "?"
        let items = node.streamItems > 0 ? " after \(node.streamItems) items" : ""
        let status = view.statusName(outcome.header.status)
        let word = outcome.header.kind == 2 ? "REPLY" : "\(view.kindName(outcome.header.kind)) \(status)"
        let router = outcome.header.source == 1 ? " by the router" : ""
        return "\(word)\(router)\(items) after \(took)"
    }
}

/// A time in a fitting unit.
package func span(_ nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case ..<1_000_000: "\(nanoseconds / 1000) µs"
    case ..<1_000_000_000:
        "\(nanoseconds / 1_000_000).\(nanoseconds / 100_000 % 10) ms"
    default: "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10) s"
    }
}
