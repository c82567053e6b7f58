internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import SignerCore

/// DATA/signer: keys under a passphrase, and the record of what they have signed.
struct SignerFolder: Sendable {
    let path: String
    /// Where the passphrase is; it may be anywhere.
    let passphrase: String

    var keys: String { "\(path)/keys" }
    var records: String { "\(path)/records" }
    var lock: String { "\(path)/lock" }
    /// There from before an operator's first key file until after the last.
    var making: String { "\(keys)/making" }
    /// The making of an operator's keys began, and did not end.
    var isBrokenOff: Bool { FileManager.default.fileExists(atPath: making) }

    /// Makes the folders that are missing.
    func make() throws {
        for folder in [path, keys, records] where !FileManager.default.fileExists(atPath: folder) {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            chmod(folder, 0o700)
            try Files.sync((folder as NSString).deletingLastPathComponent)
        }
    }

    func file(of kind: KeyKind, _ key: Bytes32? = nil) -> String {
        let name = kind == .identity ? "identity-\(key.map { "\($0)" } ?? "")" : kind.name
        return "\(keys)/\(name).key"
    }

    /// The only key of a kind; nil: there is none.
    func sealed(_ kind: KeyKind) throws -> SealedKey? { try sealed(at: file(of: kind), kind) }

    /// A plot's key; nil: it is not here.
    func sealedIdentity(_ key: Bytes32) throws -> SealedKey? {
        guard let sealed = try sealed(at: file(of: .identity, key), .identity) else { return nil }
        guard sealed.publicKey == key else {
            throw CommandFault("\(file(of: .identity, key)) holds another key than its name says")
        }
        return sealed
    }

    /// Public keys of all plots' keys, rising.
    func identities() -> [Bytes32] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: keys)) ?? []
        return names.compactMap { name in
            guard name.hasPrefix("identity-"), name.hasSuffix(".key") else { return nil }
            return Bytes32(hexadecimal: String(name.dropFirst(9).dropLast(4)))
        }
        .sorted()
    }

    /// Bytes of a key's record; nil: there is none.
    func record(of key: Bytes32) throws -> [UInt8]? {
        try Files.read("\(records)/\(RecordStore.file(of: key))", limit: SigningRecord.mostBytes)
    }

    private func sealed(at path: String, _ kind: KeyKind) throws -> SealedKey? {
        guard let bytes = try Files.readPrivate(path, limit: SealedKey.mostBytes) else { return nil }
        do throws(SealedKeyFault) {
            let sealed = try SealedKey(bytes: bytes)
            guard sealed.kind == kind else { throw .form("it is a \(sealed.kind.name) key") }
            return sealed
        } catch {
            throw CommandFault("\(path): \(error)")
        }
    }

    /// The words that the keys are under.
    func readPassphrase() throws -> SecretBytes {
        guard var bytes = try Files.readPrivate(passphrase, limit: 4096) else {
            throw CommandFault(
                "there is no passphrase in \(passphrase): put it there, or name its place in config/signer.yaml (passphrase_file)"
            )
        }
        while let last = bytes.last, last == 0x0a || last == 0x0d || last == 0x20 { bytes.removeLast() }
        guard !bytes.isEmpty else {
            throw CommandFault("the passphrase in \(passphrase) is empty: put it back")
        }
        return SecretBytes(taking: &bytes)
    }
}

/// Keeps a second signer off the folder for as long as it lives.
final class FolderLock: Sendable {
    private let descriptor: Int32

    /// - Throws: `CommandFault` that names the process that has it.
    init(_ folder: SignerFolder) throws {
        descriptor = open(folder.lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.fault("open", folder.lock) }
        // Somebody who looks whether it is held has it for a moment.
        var triesLeft = 20
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            triesLeft -= 1
            guard triesLeft > 0 else {
                let holder = Self.holder(folder).map { "process \($0)" } ?? "another process"
                throw CommandFault("the keys in \(folder.path) are in use by \(holder): stop it first")
            }
            usleep(25_000)
        }
        let text = Array("\(getpid())\n".utf8)
        ftruncate(descriptor, 0)
        _ = pwrite(descriptor, text, text.count, 0)
    }

    deinit { close(descriptor) }

    /// The process that the file names, if it still has the lock.
    static func holder(_ folder: SignerFolder) -> Int32? {
        let descriptor = open(folder.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
        let text = String(
            decoding: FileManager.default.contents(atPath: folder.lock) ?? Data(), as: UTF8.self)
        return Int32(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
