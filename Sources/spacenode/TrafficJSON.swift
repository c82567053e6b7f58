internal import Foundation
internal import NodeProtocol
internal import Traffic

/// A message as `tap --json` prints it.
struct ItemJSON: Encodable {
    let number: UInt64
    let time: String
    let kind: String
    let type: String
    let from: String
    let to: String
    let id: String?
    let answers: String?
    let cause: String?
    let refused: String?
    let status: String?
    let sequence: UInt64?
    let bytes: Int
    /// Decoded; absent when it is withheld, empty, or of an unknown type.
    let payload: FieldValue?
    /// Hash of a withheld payload.
    let sensitiveHash: String?

    init(_ item: TrafficItem, _ view: TrafficView) {
        number = item.number
        time = Terminal.timestamp(item.nanoseconds)
        kind = view.kindName(item.header.kind)
        type = view.book.methods[item.header.type]?.name ?? view.typeName(item.header.type)
        from = view.names.name(item.header.source)
        to = view.destination(item)
        id = item.messageID.map { view.text($0) }
        answers = item.answered.map { view.text($0) }
        cause = item.cause.map { view.text($0) }
        refused = item.isRefused ? view.statusName(item.status) : nil
        status = item.header.status > 0 ? view.statusName(item.header.status) : nil
        sequence = item.header.seq > 0 ? item.header.seq : nil
        bytes = item.frameBytes
        payload = view.value(item)
        sensitiveHash = item.isWithheld ? String(item.payloadHash, radix: 16) : nil
    }
}

/// A tree of causes as `tap --cause --json` prints it.
struct CauseJSON: Encodable {
    let message: ItemJSON?
    let outcome: ItemJSON?
    let streamItems: Int
    let caused: [CauseJSON]

    init(_ id: MessageID, _ tree: CauseTree, _ view: TrafficView, depth: Int = 0) {
        let node = tree.node(id)
        message = node.map { ItemJSON($0.item, view) }
        outcome = node?.outcome.map { ItemJSON($0, view) }
        streamItems = node?.streamItems ?? 0
        // A message cannot cause what came before it, so a chain deeper than this is somebody's lie.
        caused = depth < 64 ? (node?.children ?? []).map { CauseJSON($0, tree, view, depth: depth + 1) } : []
    }
}
