internal import Foundation
package import NodeDomain
internal import NodeEncoding
internal import Yams

/// What a file of `config/networks` says: everything in which networks differ.
package struct NetworkFile: Sendable, Equatable {
    /// When a network begins.
    package enum Genesis: Sendable, Equatable {
        /// A moment, in Unix milliseconds.
        case moment(UInt64)
        /// So many milliseconds after the node's first start.
        case afterLaunch(UInt64)
    }

    /// An account that has smidge at genesis.
    package struct Account: Sendable, Equatable {
        /// Where it stands.
        package let address: Address
        /// Smidge.
        package let balance: UInt64
    }

    /// An operator of the genesis committee.
    package struct Member: Sendable, Equatable {
        /// Its consensus key.
        package let `operator`: Bytes32
        /// Key of its VRF.
        package let vrfKey: Bytes32
        /// Of the seats, with the others' shares.
        package let share: UInt64
    }

    /// How validators time their rounds, in milliseconds.
    package struct Timing: Sendable, Equatable {
        package var precision: UInt64 = 0
        package var messageDelay: UInt64 = 0
        package var propose: UInt64 = 0
        package var prevote: UInt64 = 0
        package var precommit: UInt64 = 0
    }

    /// What plots are made with when nobody says otherwise.
    package struct Plots: Sendable, Equatable {
        package var defaultUnits: UInt32 = 0
        package var scryptN: UInt32 = 0
        package var fileSize: UInt64 = 0
    }

    /// As it is called; also part of the chain id.
    package let name: String
    /// What its addresses begin with.
    package let hrp: String
    /// When it begins.
    package let genesis: Genesis
    /// With the genesis time it makes the genesis id.
    package let extraData: String
    /// The numbers of its rules; genesis time and id are set when it has begun.
    package let parameters: NetworkParameters
    /// Who has smidge at genesis.
    package let accounts: [Account]
    /// The genesis committee, by rising key.
    package let committee: [Member]
    package let timing: Timing
    package let plots: Plots
    /// The file itself, as the node keeps it.
    package let text: String

    /// Stands in a file for the keys of the node that reads it first.
    package static let thisNode = "this-node"
    /// What is read for it: nobody's key.
    static let unnamed = Bytes32.zero

    /// Whether the committee is to have keys of the node that reads the file.
    package var namesThisNode: Bool {
        committee.contains { $0.operator == Self.unnamed || $0.vrfKey == Self.unnamed }
    }

    /// The file with a node's keys in it, as that node keeps it.
    /// - Throws: `ConfigurationError` when it then names somebody twice.
    package func naming(operator: Bytes32, vrfKey: Bytes32) throws -> NetworkFile {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
            // Comments may speak of the word.
            guard !line.drop(while: { $0 == " " }).hasPrefix("#") else { return String(line) }
            return String(line).replacing("operator: \(Self.thisNode)", with: "operator: \(`operator`)")
                .replacing("vrf_key: \(Self.thisNode)", with: "vrf_key: \(vrfKey)")
        }
        return try NetworkFile.parse(lines.joined(separator: "\n"), file: name)
    }

    /// Names of the networks that come with the node.
    package static let known = ["devnet", "testnet", "mainnet"]

    /// The network of that name, as it comes with the node.
    package static func embedded(_ name: String) throws -> NetworkFile? {
        let bytes: [UInt8]
        switch name {
        case "devnet": bytes = PackageResources.devnet_yaml
        case "testnet": bytes = PackageResources.testnet_yaml
        case "mainnet": bytes = PackageResources.mainnet_yaml
        default: return nil
        }
        return try parse(String(decoding: bytes, as: UTF8.self), file: "\(name).yaml")
    }

    /// A network that comes with the node, or the file of a path.
    /// - Throws: `ConfigurationError` with all faults of the file, or that there is none.
    package static func read(_ nameOrPath: String) throws -> NetworkFile {
        if let known = try embedded(nameOrPath) { return known }
        guard let data = FileManager.default.contents(atPath: nameOrPath) else {
            let text =
                "there is no such network or file: give \(known.joined(separator: ", ")) or the path of a file"
            throw ConfigurationError([.init(file: nameOrPath, line: 0, text: text)])
        }
        return try parse(String(decoding: data, as: UTF8.self), file: nameOrPath)
    }

    /// Reads the text of a network file; every number must be there.
    /// - Throws: `ConfigurationError` with all faults.
    package static func parse(_ text: String, file: String) throws -> NetworkFile {
        let reader = NetworkReader(MappingReader(try compose(text, file), file: file))
        let name = reader.name()
        let hrp = reader.hrp()
        let genesis = reader.genesis()
        let extra = reader.text("extra_data", 1...256)
        let parameters = reader.parameters()
        let (plots, timing) = (reader.plots(), reader.timing())
        let (accounts, committee) = (reader.accounts(hrp: hrp), reader.committee())
        let faults = reader.finish()
        guard faults.isEmpty, let genesis else { throw ConfigurationError(faults) }
        return NetworkFile(
            name: name, hrp: hrp, genesis: genesis, extraData: extra, parameters: parameters,
            accounts: accounts, committee: committee, timing: timing, plots: plots, text: text)
    }
}
