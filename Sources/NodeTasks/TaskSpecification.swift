internal import Crypto
internal import Foundation
package import NodeProtocol

/// Names a task: SHA-256 of what is to be done, 32 bytes.
package struct TaskID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let bytes: [UInt8]

    /// - Returns: nil unless there are 32 bytes.
    package init?(_ bytes: some Sequence<UInt8>) {
        self.bytes = [UInt8](bytes)
        guard self.bytes.count == 32 else { return nil }
    }

    /// The name of a kind of work with its inputs (docs/protocol/bus.md §8).
    package init(kind: String, inputs: [UInt8]) {
        var hash = SHA256()
        withUnsafeBytes(of: UInt64(kind.utf8.count).littleEndian) { hash.update(bufferPointer: $0) }
        hash.update(data: Array(kind.utf8))
        hash.update(data: inputs)
        bytes = Array(hash.finalize())
    }

    package static func < (left: TaskID, right: TaskID) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    /// The first eight bytes in hex.
    package var description: String {
        bytes.prefix(8).map { String(format: "%02x", $0) }.joined()
    }
}

/// A piece of work, the same for everybody who offers it.
package struct TaskSpecification: Sendable, Hashable {
    package let id: TaskID
    /// Which handler, such as `post.InitializeRange`; at most 64 bytes.
    package let kind: String
    /// Input of the handler; at most 1 MiB.
    package let inputs: [UInt8]
    /// Slot that it uses at the worker, such as `cpu`; at most 64 bytes.
    package let capability: String
    /// Only a worker that states this may take it, at most 64 bytes; empty: any.
    package let locality: String
    /// Unix time in milliseconds after which nobody wants the result, 0: none.
    package let deadlineMilliseconds: UInt64

    /// A piece of work; its id follows from kind and inputs.
    package init(
        kind: String, inputs: [UInt8], capability: String, locality: String = "",
        deadlineMilliseconds: UInt64 = 0
    ) {
        id = TaskID(kind: kind, inputs: inputs)
        self.kind = kind
        self.inputs = inputs
        self.capability = capability
        self.locality = locality
        self.deadlineMilliseconds = deadlineMilliseconds
    }

    /// Reads a task of the wire.
    /// - Throws: `TaskFault` when a limit is passed or the id is not the hash.
    package init(wire: Spacenode_Task_V1_Task) throws(TaskFault) {
        self.init(
            kind: wire.kind, inputs: [UInt8](wire.inputs), capability: wire.capability,
            locality: wire.locality, deadlineMilliseconds: wire.deadlineMs)
        try check()
        guard id.bytes == [UInt8](wire.id) else {
            throw TaskFault("the id is not the SHA-256 of kind and inputs: compute it as bus.md §8 says")
        }
    }

    /// The task as it crosses the bus.
    package var wire: Spacenode_Task_V1_Task {
        var task = Spacenode_Task_V1_Task()
        task.id = Data(id.bytes)
        task.kind = kind
        task.inputs = Data(inputs)
        task.capability = capability
        task.locality = locality
        task.deadlineMs = deadlineMilliseconds
        return task
    }

    /// - Throws: `TaskFault` that names the limit.
    func check() throws(TaskFault) {
        for (name, text) in [("kind", kind), ("capability", capability), ("locality", locality)]
        where text.utf8.count > TaskLimit.nameBytes {
            throw TaskFault("\(name) has \(text.utf8.count) bytes: at most \(TaskLimit.nameBytes)")
        }
        guard !kind.isEmpty, !capability.isEmpty else {
            throw TaskFault("kind and capability may not be empty: name the handler and the slot it uses")
        }
        guard inputs.count <= TaskLimit.inputBytes else {
            throw TaskFault(
                "inputs have \(inputs.count) bytes, at most \(TaskLimit.inputBytes): name data, do not carry it"
            )
        }
    }
}

/// A task, lease or result that is refused, with what to do.
package struct TaskFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// What bounds the queue of tasks.
package enum TaskLimit {
    /// Kind, capability, locality, name of a worker.
    package static let nameBytes = 64
    package static let inputBytes = 1 << 20
    package static let checkpointBytes = 64 << 10
    package static let outputBytes = (4 << 20) - 4096
    package static let errorBytes = 512
    /// Tasks that are not finished.
    package static let openTasks = 100_000
    /// Finished tasks that are remembered, so that a late result or a second offer is answered rightly.
    package static let finishedTasks = 10_000
    /// Leases in one answer to Take, and bytes of their tasks.
    package static let leasesPerTake = 64
    package static let takeBytes = 2 << 20
    /// Leases that one worker may hold.
    package static let leasesPerWorker = 1024
    package static let listed = 1000
}
