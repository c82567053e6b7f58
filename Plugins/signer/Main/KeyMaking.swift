internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeWallet
internal import SignerCore

/// Makes keys, and the words that they are under.
struct KeyMaking {
    let folder: SignerFolder
    private let passphrase: SecretBytes
    /// New words were written to the passphrase's file.
    let isNewPassphrase: Bool

    /// Reads the passphrase, or writes a new one.
    init(_ folder: SignerFolder) throws {
        self.folder = folder
        isNewPassphrase = !FileManager.default.fileExists(atPath: folder.passphrase)
        if isNewPassphrase {
            guard let words = Mnemonic(newWords: 12)?.words.joined(separator: " ") else {
                throw CommandFault("no words can be made: libsodium does not work")
            }
            try Files.replace(folder.passphrase, Array((words + "\n").utf8))
        }
        passphrase = try folder.readPassphrase()
    }

    /// A consensus key and a VRF key, with the record that says that nothing was signed.
    ///
    /// The record comes first, the consensus key last: broken off anywhere, there is no key without its record, and what is there
    /// is made anew the next time.
    func makeOperator() throws -> (consensus: SigningKey, vrf: SigningKey) {
        let consensus = try seal(.consensus, Self.newSeed())
        var disk = FolderDisk(folder.records)
        for step in RecordStore.steps(storing: SigningRecord(newKey: consensus.sealed.publicKey)) {
            try disk.perform(step)
        }
        try Files.replace(folder.making, [])
        let vrf = try seal(.vrf, Self.newSeed())
        try Files.replace(folder.file(of: .vrf), vrf.sealed.bytes)
        try Files.replace(folder.file(of: .consensus), consensus.sealed.bytes)
        try Files.remove(folder.making)
        return (consensus.key, vrf.key)
    }

    /// A plot's key, new or from its secret seed.
    func makeIdentity(_ seed: SecretBytes? = nil) throws -> Bytes32 {
        let sealed = try seal(.identity, seed ?? Self.newSeed()).sealed
        let path = folder.file(of: .identity, sealed.publicKey)
        if !FileManager.default.fileExists(atPath: path) { try Files.replace(path, sealed.bytes) }
        return sealed.publicKey
    }

    private static func newSeed() -> SecretBytes { SecretBytes(count: SealedKey.seedBytes, Secrets.fill) }

    private func seal(_ kind: KeyKind, _ seed: SecretBytes) throws -> (sealed: SealedKey, key: SigningKey) {
        let sealed = try SealedKey(
            kind, seed: seed, passphrase: passphrase, salt: Secrets.random(PasswordBox.saltBytes),
            nonce: Secrets.random(PasswordBox.nonceBytes),
            // Twelve words of ours hold 128 bits; what somebody thought of is made dear to guess.
            cost: isNewPassphrase ? .ofRandomWords : .usual)
        guard let key = SigningKey(seed: seed) else { throw CommandFault("libsodium does not work") }
        return (sealed, key)
    }
}
