internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import NodeEncoding
internal import SignerCore
internal import Synchronization

/// The keys of a signer that serves, and what they may sign.
final class HeldKeys: Sendable {
    /// The decisions, and the disk that their record is on.
    private struct State {
        var key: ConsensusKey
        var disk: FolderDisk
    }

    let folder: SignerFolder
    let `operator`: Bytes32
    let vrfKey: Bytes32
    private let consensus: SigningKey
    private let vrf: SigningKey
    private let lock: FolderLock
    private let state: Mutex<State>
    /// The newest decisions, for those who only look and must not wait for the disk.
    private let shown: Mutex<ConsensusKey>

    /// Opens the keys; the record is one that may be gone on with.
    convenience init(_ folder: SignerFolder, _ record: SigningRecord, lock: FolderLock) throws {
        let passphrase = try folder.readPassphrase()
        self.init(
            folder, record, lock: lock, consensus: try Self.open(.consensus, folder, passphrase),
            vrf: try Self.open(.vrf, folder, passphrase))
    }

    /// Takes keys that are open.
    init(
        _ folder: SignerFolder, _ record: SigningRecord, lock: FolderLock, consensus: SigningKey,
        vrf: SigningKey
    ) {
        self.folder = folder
        self.lock = lock
        self.consensus = consensus
        self.vrf = vrf
        `operator` = consensus.publicKey
        vrfKey = vrf.publicKey
        state = Mutex(State(key: ConsensusKey(record), disk: FolderDisk(folder.records)))
        shown = Mutex(ConsensusKey(record))
    }

    private static func open(
        _ kind: KeyKind, _ folder: SignerFolder, _ passphrase: SecretBytes
    ) throws -> SigningKey {
        guard let sealed = try folder.sealed(kind) else {
            throw CommandFault("\(folder.file(of: kind)) is gone: put back your copy of it")
        }
        do throws(SealedKeyFault) {
            return try sealed.open(passphrase)
        } catch {
            throw CommandFault("\(folder.file(of: kind)): \(error)")
        }
    }

    // MARK: - Proposals and votes

    /// Signs, or gives the saved signature; its record is on the disk before this returns.
    /// - Throws: `SigningRefusal`.
    func sign(_ request: SigningRequest, by key: Bytes32) throws(SigningRefusal) -> (
        signature: [UInt8], isRepeated: Bool
    ) {
        try check(key)
        let outcome = state.withLock { state in
            let outcome = carryOut(state.key.handle(.request(request)), &state)
            show(state.key)
            return outcome
        }
        return try outcome.get()
    }

    private func carryOut(
        _ first: [KeyAction], _ state: inout State
    ) -> Result<(signature: [UInt8], isRepeated: Bool), SigningRefusal> {
        var actions = first
        var isRepeated = true
        while let action = actions.first {
            switch action {
            case .sign(let bytes): actions = state.key.handle(.signed(consensus.sign(bytes)))
            case .store(let steps):
                isRepeated = false
                do {
                    for step in steps { try state.disk.perform(step) }
                    actions = state.key.handle(.stored)
                } catch {
                    actions = state.key.handle(.storeFailed("\(error)"))
                }
            case .answer(let signature): return .success((signature, isRepeated))
            case .refuse(let refusal): return .failure(refusal)
            }
        }
        return .failure(.busy)
    }

    /// Proves a height's beacon.
    func proveBeacon(_ chain: String, height: UInt64, last: Bytes32, by key: Bytes32) throws(SigningRefusal)
        -> [UInt8]
    {
        try check(key)
        let refusal = state.withLock { state in
            let refusal = state.key.refusal(ofBeaconFor: chain, height: height)
            if let refusal { state.key.count(refusal) }
            show(state.key)
            return refusal
        }
        if let refusal { throw refusal }
        let alpha = OperatorBytes.beacon(chain: chain, height: height, last: last)
        guard let proof = VRF.prove(alpha, key: vrf) else {
            throw .broken("libsodium does not work")
        }
        return proof
    }

    // MARK: - Everything else

    /// Signs by the consensus key.
    func sign(_ payload: OperatorPayload, genesis: [UInt8], by key: Bytes32) throws(SigningRefusal) -> [UInt8]
    {
        try check(key)
        guard let signature = consensus.sign(try payload.bytes(genesis: genesis)) else {
            throw .broken("libsodium does not work")
        }
        return signature
    }

    /// Signs by a plot's key, which is opened for this one signature.
    func signBinding(_ payload: OperatorPayload, genesis: [UInt8], by identity: Bytes32) throws -> [UInt8] {
        let bytes = try payload.bytes(genesis: genesis)
        guard let sealed = try folder.sealedIdentity(identity) else {
            throw SigningRefusal.otherKey(identity)
        }
        let key = try sealed.open(try folder.readPassphrase())
        guard let signature = key.sign(bytes) else { throw SigningRefusal.broken("libsodium does not work") }
        return signature
    }

    private func check(_ key: Bytes32) throws(SigningRefusal) {
        guard key != `operator` else { return }
        state.withLock { state in
            state.key.count(.otherKey(key))
            show(state.key)
        }
        throw .otherKey(key)
    }

    /// How the consensus key is.
    var status: ConsensusKey { shown.withLock { $0 } }

    private func show(_ key: ConsensusKey) { shown.withLock { $0 = key } }
}
