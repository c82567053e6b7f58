package import Foundation
package import NodeCrypto
internal import NodeDomain

/// A wallet on disk: words under a password, and in clear what anybody may know.
///
/// JSON, so that a later version or another program can read it: bytes in base 64.
package struct WalletFile: Codable, Sendable {
    /// An account that was asked for.
    package struct Account: Codable, Hashable, Sendable {
        /// Its place: m/44'/540'/0'/0'/index'.
        package let index: UInt32
        /// Hexadecimal digits of its public key.
        package let publicKey: String
    }

    private struct Sealed: Codable {
        let passes: UInt64
        let memory: Int
        let salt, nonce, words: Data
    }

    /// The form of this file.
    package private(set) var version = 1
    /// Accounts in the order they were made.
    package private(set) var accounts: [Account] = []
    private let sealed: Sealed

    /// Names the form, and so belongs to what is sealed.
    private static let label = Array("spacenode wallet 1".utf8)

    /// Puts words under a password, with account 0.
    /// - Throws: `WalletFault` when the system has not the memory that it takes.
    package init(_ mnemonic: Mnemonic, password: SecretBytes, cost: PasswordBox.Cost = .usual)
        throws(WalletFault)
    {
        var text = Array(mnemonic.words.joined(separator: " ").utf8)
        let salt = Secrets.random(PasswordBox.saltBytes)
        let nonce = Secrets.random(PasswordBox.nonceBytes)
        guard
            let words = PasswordBox.seal(
                SecretBytes(taking: &text), password: password, salt: salt, nonce: nonce, label: Self.label,
                cost: cost)
        else { throw .memory(cost.memory) }
        sealed = Sealed(
            passes: cost.passes, memory: cost.memory, salt: Data(salt), nonce: Data(nonce), words: Data(words)
        )
        try add(0, seed: mnemonic.seed())
    }

    /// Reads a file's bytes.
    package init(reading bytes: Data) throws(WalletFault) {
        do {
            self = try JSONDecoder().decode(WalletFile.self, from: bytes)
        } catch {
            throw .form
        }
        guard version == 1 else { throw .version(version) }
    }

    /// The file's bytes.
    package func bytes() throws(WalletFault) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            return try encoder.encode(self) + Data("\n".utf8)
        } catch {
            throw .form
        }
    }

    /// The words.
    /// - Throws: `WalletFault.password` when it is another one, or the file was changed.
    package func open(_ password: SecretBytes) throws(WalletFault) -> Mnemonic {
        guard let cost = PasswordBox.Cost(passes: sealed.passes, memory: sealed.memory) else { throw .form }
        let text = PasswordBox.open(
            Array(sealed.words), password: password, salt: Array(sealed.salt), nonce: Array(sealed.nonce),
            label: Self.label, cost: cost)
        guard let text else { throw .password }
        do {
            return try Mnemonic(text: text.withBytes { String(decoding: $0, as: UTF8.self) })
        } catch {
            throw .form
        }
    }

    /// Writes an account down; nothing happens when it stands there.
    package mutating func add(_ index: UInt32, seed: SecretBytes) throws(WalletFault) {
        guard !accounts.contains(where: { $0.index == index }) else { return }
        guard let secret = AccountKey.secret(seed: seed, account: index),
            let key = Ed25519.publicKey(seed: secret)
        else { throw .index(index) }
        accounts.append(Account(index: index, publicKey: key.description))
    }
}

/// Why a wallet cannot be used.
package enum WalletFault: Error, Equatable, Sendable {
    /// The bytes are no wallet.
    case form
    /// A form of a later program.
    case version(Int)
    /// The password is another one, or the file was changed.
    case password
    /// No such account can be.
    case index(UInt32)
    /// So many bytes of memory are not there.
    case memory(Int)
}

extension WalletFault: CustomStringConvertible {
    /// What is wrong, and what helps.
    package var description: String {
        switch self {
        case .form:
            "this is no wallet file, or it was damaged: `wallet restore` makes it again from its words"
        case .version(let version): "this file has form \(version), of a later spacenode: use that one"
        case .password: "the password is wrong, or the file was changed"
        case .index(let index): "there is no account \(index): 0 to 2147483647"
        case .memory(let bytes): "\(bytes >> 20) MiB of memory are needed to use a password: free some"
        }
    }
}
