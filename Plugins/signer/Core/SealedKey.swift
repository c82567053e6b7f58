package import NodeCrypto
package import NodeDomain
internal import NodeEncoding

/// What a key is for.
package enum KeyKind: UInt8, Sendable, CaseIterable {
    /// Votes, proposals, activations: the operator's name on the chain.
    case consensus = 1
    /// Proofs of the beacon.
    case vrf = 2
    /// A plot's own key, which binds it to an operator and a coinbase.
    case identity = 3

    /// As files and people call it.
    package var name: String {
        switch self {
        case .consensus: "consensus"
        case .vrf: "vrf"
        case .identity: "identity"
        }
    }
}

/// Why bytes are no sealed key, or it cannot be opened.
package enum SealedKeyFault: Error, Hashable, Sendable {
    /// The bytes are no sealed key.
    case form(String)
    /// The passphrase is another one, or the file was changed.
    case passphrase
    /// So many bytes of memory are not there.
    case memory(Int)
}

extension SealedKeyFault: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .form(let what): "this is no key file, or it was damaged (\(what)): put back your copy of it"
        case .passphrase: "the passphrase is another one, or the file was changed"
        case .memory(let bytes): "\(bytes >> 20) MiB of memory are needed to open a key: free some"
        }
    }
}

/// A secret seed under a passphrase, and in clear what anybody may know.
package struct SealedKey: Hashable, Sendable {
    /// Most bytes of a file.
    package static let mostBytes = 512
    /// Bytes of a secret seed.
    package static let seedBytes = 32
    private static let tagBytes = 16
    /// What a file begins with; the digit is its form.
    private static let magic = Array("spacenode signer key 1\n".utf8)

    /// What it is for.
    package let kind: KeyKind
    /// The public key.
    package let publicKey: Bytes32
    private let passes: UInt64
    private let memory: UInt64
    private let salt: [UInt8]
    private let nonce: [UInt8]
    private let sealed: [UInt8]

    /// Seals a seed; salt and nonce must be new ones.
    /// - Throws: `SealedKeyFault` when there is not the memory, or the seed is none.
    package init(
        _ kind: KeyKind, seed: SecretBytes, passphrase: SecretBytes, salt: [UInt8], nonce: [UInt8],
        cost: PasswordBox.Cost
    ) throws(SealedKeyFault) {
        guard let key = SigningKey(seed: seed) else { throw .form("a seed has \(Self.seedBytes) bytes") }
        self.kind = kind
        publicKey = key.publicKey
        passes = cost.passes
        memory = UInt64(cost.memory)
        self.salt = salt
        self.nonce = nonce
        let head = Self.head(kind, key.publicKey, passes, memory, salt, nonce)
        let sealed = PasswordBox.seal(
            seed, password: passphrase, salt: salt, nonce: nonce, label: head, cost: cost)
        guard let sealed else { throw .memory(cost.memory) }
        self.sealed = sealed
    }

    /// The file's bytes.
    package var bytes: [UInt8] { head + sealed }

    private var head: [UInt8] { Self.head(kind, publicKey, passes, memory, salt, nonce) }

    private static func head(
        _ kind: KeyKind, _ key: Bytes32, _ passes: UInt64, _ memory: UInt64, _ salt: [UInt8],
        _ nonce: [UInt8]
    ) -> [UInt8] {
        var writer = ScaleWriter()
        writer.write(kind.rawValue)
        writer.write(key)
        writer.writeCompact(passes)
        writer.writeCompact(memory)
        writer.write(raw: salt)
        writer.write(raw: nonce)
        return magic + writer.bytes
    }

    /// Reads a file; nothing but what `bytes` gives is taken.
    /// - Throws: `SealedKeyFault.form`.
    package init(bytes: [UInt8]) throws(SealedKeyFault) {
        guard bytes.count <= Self.mostBytes, bytes.starts(with: Self.magic) else {
            throw .form("it begins otherwise")
        }
        do throws(ScaleFault) {
            var reader = ScaleReader(Array(bytes.dropFirst(Self.magic.count)))
            guard let kind = KeyKind(rawValue: try reader.byte()) else {
                throw .invalid(offset: reader.offset, what: "kinds of keys are 1 to 3")
            }
            self.kind = kind
            publicKey = try reader.bytes32()
            passes = try reader.compact()
            memory = try reader.compact(limit: UInt64(Int.max))
            salt = try reader.bytes(PasswordBox.saltBytes)
            nonce = try reader.bytes(PasswordBox.nonceBytes)
            sealed = try reader.bytes(Self.seedBytes + Self.tagBytes)
            try reader.finish()
            guard PasswordBox.Cost(passes: passes, memory: Int(memory)) != nil else {
                throw .invalid(offset: 0, what: "passes or memory are beyond their limits")
            }
        } catch {
            throw .form("\(error)")
        }
    }

    /// The key itself.
    /// - Throws: `SealedKeyFault`.
    package func open(_ passphrase: SecretBytes) throws(SealedKeyFault) -> SigningKey {
        guard let key = SigningKey(seed: try seed(passphrase)), key.publicKey == publicKey else {
            throw .form("it holds another key than it says")
        }
        return key
    }

    /// The secret seed.
    /// - Throws: `SealedKeyFault`.
    package func seed(_ passphrase: SecretBytes) throws(SealedKeyFault) -> SecretBytes {
        guard let cost = PasswordBox.Cost(passes: passes, memory: Int(memory)) else {
            throw .form("passes or memory are beyond their limits")
        }
        let seed = PasswordBox.open(
            sealed, password: passphrase, salt: salt, nonce: nonce, label: head, cost: cost)
        guard let seed else { throw .passphrase }
        return seed
    }
}
