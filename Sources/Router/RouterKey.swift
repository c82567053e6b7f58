internal import Foundation
internal import NodeConfiguration
internal import RouterProcess
internal import Synchronization

/// The router's own CURVE key: made at the first start with tcp.
enum RouterKey {
    /// Reads `keys/router.key`, or makes it with its public part `keys/router.pub`.
    static func load(_ paths: NodePaths) throws -> (publicKey: String, secretKey: String) {
        if let data = FileManager.default.contents(atPath: paths.routerKey) {
            let secret = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            return (try RouterCurve.publicKey(of: secret), secret)
        }
        let pair = try RouterCurve.makePair()
        try writeFile(paths.routerKey, Data("\(pair.secretKey)\n".utf8))
        try writeFile(paths.routerPublicKey, Data("\(pair.publicKey)\n".utf8))
        return pair
    }
}

/// Notices that a file was written, by its time and size.
final class FileWatch: Sendable {
    private let path: String
    private let last: Mutex<String>

    init(path: String) {
        self.path = path
        last = Mutex(Self.stamp(path))
    }

    func hasChanged() -> Bool {
        let stamp = Self.stamp(path)
        return last.withLock { known in
            defer { known = stamp }
            return known != stamp
        }
    }

    private static func stamp(_ path: String) -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let time = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(time) \(attributes?[.size] ?? 0) \(attributes?[.systemFileNumber] ?? 0)"
    }
}
