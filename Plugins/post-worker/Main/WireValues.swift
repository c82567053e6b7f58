internal import Foundation
internal import NodeDomain
internal import NodeProtocol
internal import PostWorkerCore
internal import SwiftProtobuf

extension Spacenode_Post_V1_Plot {
    /// - Throws: `WorkRefusal`.
    func plot() throws -> Plot {
        try WorkCheck.plot(
            identity: [UInt8](identity), commitmentATX: [UInt8](commitmentAtx), units: units,
            labelsPerUnit: labelsPerUnit, scryptN: scryptN)
    }

    /// - Throws: `WorkRefusal`.
    func layout() throws -> PlotLayout {
        try WorkCheck.layout(plot(), maxFileSize: maxFileSize)
    }

    init(_ layout: PlotLayout) {
        self.init()
        identity = Data(layout.plot.identity.bytes)
        commitmentAtx = Data(layout.plot.commitmentATX.bytes)
        units = layout.plot.units
        labelsPerUnit = layout.plot.labelsPerUnit
        scryptN = layout.plot.scryptN
        maxFileSize = layout.maxFileSize
    }
}

extension Spacenode_Post_V1_Files {
    /// - Throws: `WorkRefusal`.
    func range(of layout: PlotLayout) throws -> Range<UInt64> {
        try WorkCheck.files(first: first, last: last, of: layout)
    }

    init(_ range: Range<UInt64>) {
        self.init()
        first = range.lowerBound
        last = range.upperBound &- 1
    }
}

extension Spacenode_Post_V1_Hits {
    init(_ hits: some Sequence<ScanHit>) {
        self.init()
        for hit in hits {
            nonces.append(hit.nonce)
            indices.append(hit.index)
        }
    }
}

extension Spacenode_Post_V1_Group {
    init(_ group: ScanGroup) {
        self.init()
        number = UInt32(group.number)
        pow = group.pow
    }
}

/// Reads the inputs, or the checkpoint, of a task.
/// - Throws: `WorkRefusal` when they are no such message.
func decode<Message: SwiftProtobuf.Message>(_ what: String, _ bytes: [UInt8]) throws -> Message {
    do {
        return try Message(serializedBytes: bytes)
    } catch {
        throw WorkRefusal("\(what) cannot be read as \(Message.protoMessageName): \(error)")
    }
}
