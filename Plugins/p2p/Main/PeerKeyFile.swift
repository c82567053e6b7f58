internal import Foundation
internal import Glibc
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import P2PCore

/// This node's key on the network: 32 bytes in hexadecimal, `DATA/p2p/peer.key`, for nobody else to read.
///
/// It is no key of value: who has it can pretend to be this node to others. With another one the node is somebody else.
struct PeerKeyFile {
    let folder: String
    private var path: String { "\(folder)/peer.key" }

    /// The key, made now if there is none.
    /// - Throws: `CommandFault` that says what is wrong with the file.
    func make() throws -> PeerIdentity {
        if !FileManager.default.fileExists(atPath: path) { try create() }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw CommandFault("\(path) can be read by others: chmod 600 \(path)")
        }
        let text = try? String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard let text, var bytes = Hexadecimal.bytes(of: text), bytes.count == Bytes32.count,
            let key = SigningKey(seed: SecretBytes(taking: &bytes))
        else {
            throw CommandFault(
                "\(path) is not 32 bytes in hexadecimal: put the right file there, or remove it, and this node becomes another peer"
            )
        }
        return PeerIdentity(key: key)
    }

    private func create() throws {
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: attributes)
        let text = Hexadecimal.text(of: Secrets.random(Bytes32.count)) + "\n"
        let next = path + ".next"
        guard
            FileManager.default.createFile(
                atPath: next, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600]),
            rename(next, path) == 0
        else { throw CommandFault("cannot write \(path): \(String(cString: strerror(errno)))") }
    }
}
