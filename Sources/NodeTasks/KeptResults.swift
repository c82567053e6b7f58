internal import Foundation
internal import NodeProtocol
internal import SwiftProtobuf
internal import Synchronization

/// Results that the owner has not acknowledged yet, as files, so that a restart of the worker loses no work.
///
/// One file a task, named by its id; written to a temporary file, synced and renamed.
package final class KeptResults: Sendable {
    private let folder: String
    private let lock = Mutex(())

    /// Results in a folder, made when it is missing.
    /// - Throws: `TaskFault` when it cannot be made.
    package init(folder: String) throws(TaskFault) {
        self.folder = folder
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw TaskFault("results cannot be kept in \(folder): \(error.localizedDescription)")
        }
    }

    private func path(_ id: Data) -> String {
        "\(folder)/" + id.map { String(format: "%02x", $0) }.joined() + ".result"
    }

    func keep(_ request: Spacenode_Task_V1_ResultRequest) throws(TaskFault) {
        let place = path(request.id)
        do {
            try lock.withLock { _ in
                let temporary = "\(place).new"
                try (try request.serializedData() as Data).write(to: URL(fileURLWithPath: temporary))
                let handle = try FileHandle(forUpdating: URL(fileURLWithPath: temporary))
                try handle.synchronize()
                try handle.close()
                guard rename(temporary, place) == 0 else { throw CocoaError(.fileWriteUnknown) }
            }
        } catch {
            throw TaskFault("a result cannot be kept in \(folder): \(error.localizedDescription)")
        }
    }

    func drop(_ id: Data) {
        lock.withLock { _ in _ = unlink(path(id)) }
    }

    /// All that was kept; files that are no results are left alone.
    func all() -> [Spacenode_Task_V1_ResultRequest] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".result") }.sorted().compactMap { name in
            FileManager.default.contents(atPath: "\(folder)/\(name)").flatMap {
                try? Spacenode_Task_V1_ResultRequest(serializedBytes: $0)
            }
        }
    }
}
