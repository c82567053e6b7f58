internal import ArgumentParser
internal import Foundation
internal import NodeCommand
internal import NodeCrypto
internal import NodeDomain
internal import SignerCore

/// `spacenode signer init`.
struct ToolInit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Makes the operator's keys, or further keys of plots.",
        discussion: """
            The first time: consensus key, VRF key and one plot's key, under the passphrase of config/signer.yaml. Later \
            --identities and --identity-file add keys of plots; consensus key and VRF key are made once. Exit status: 0 made, \
            1 there were keys already, 2 error.
            """)

    @OptionGroup var place: SignerPlace
    @Option(help: "New keys of plots (default: 1 the first time).") var identities: Int?
    @Option(
        help: "A plot's key from a file with its 64 or 128 hexadecimal digits, as the original node keeps it."
    )
    var identityFile: String?
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard (0...1024).contains(identities ?? 0) else { throw ValidationError("--identities is 0 to 1024") }
    }

    func run() throws {
        let folder = try place.folder()
        try folder.make()
        let hasOperator = try folder.sealed(.consensus) != nil
        if hasOperator, identities == nil, identityFile == nil {
            note("there are keys already in \(folder.keys): `spacenode signer keys` lists them")
            throw ExitCode(1)
        }
        // Keys of plots may be added while the signer serves: it reads them when they are asked for.
        let lock = try hasOperator ? nil : FolderLock(folder)
        defer { withExtendedLifetime(lock) {} }
        let seed = try identityFile.map(Self.seed(in:))
        let making = try KeyMaking(folder)
        var made: [Bytes32] = []
        if let seed { made.append(try making.makeIdentity(seed)) }
        let count = identities ?? (hasOperator || seed != nil ? 0 : 1)
        for _ in 0..<count { made.append(try making.makeIdentity()) }
        // Last, so that a signer that waits for it finds everything.
        let key = try hasOperator ? nil : making.makeOperator().consensus.publicKey
        if making.isNewPassphrase {
            note("a new passphrase is in \(folder.passphrase): copy it to paper, and move the file elsewhere")
        }
        try show(key, made)
    }

    private func show(_ key: Bytes32?, _ plots: [Bytes32]) throws {
        if json {
            struct Made: Encodable {
                let `operator`: String?
                let identities: [String]
            }
            return try printJSON(Made(operator: key.map { "\($0)" }, identities: plots.map { "\($0)" }))
        }
        if let key { say("operator  \(key)") }
        for plot in plots { say("identity  \(plot)") }
    }

    /// The secret seed in a file of hexadecimal digits.
    private static func seed(in path: String) throws -> SecretBytes {
        guard var text = try Files.readPrivate(path, limit: 1024) else {
            throw CommandFault("there is no \(path)")
        }
        defer { Secrets.wipe(&text) }
        let digits = String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard var bytes = Hexadecimal.bytes(of: digits), bytes.count == 32 || bytes.count == 64 else {
            throw CommandFault("\(path) has no key: 64 hexadecimal digits, or 128 with the public key behind")
        }
        defer { Secrets.wipe(&bytes) }
        var seed = Array(bytes.prefix(32))
        if bytes.count == 64 {
            let key = SigningKey(seed: SecretBytes(count: 32) { $0.copyBytes(from: bytes.prefix(32)) })
            guard key?.publicKey.bytes == Array(bytes.suffix(32)) else {
                throw CommandFault(
                    "the two halves of \(path) do not belong together: take the whole key file")
            }
        }
        return SecretBytes(taking: &seed)
    }
}
