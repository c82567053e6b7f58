internal import Foundation
package import NodeProtocol

/// Where a router is.
package enum BusAddress: Sendable, Hashable, CustomStringConvertible {
    /// Folder of `control.sock`, `data.sock` and `tokens/`.
    case ipc(directory: String)
    /// Control lane; the data lane has the next port. `serverKey` is the router's public key in Z85.
    case tcp(host: String, port: Int, serverKey: String)
    /// Plain tcp, for measuring on loopback; routers do not offer it.
    case plainLoopback(port: Int, directory: String)

    package var description: String {
        switch self {
        case .ipc(let directory): "ipc:\(directory)"
        case .tcp(let host, let port, _): "tcp://\(host):\(port)"
        case .plainLoopback(let port, _): "tcp://127.0.0.1:\(port)"
        }
    }

    /// Reads `ipc:DIR` or `tcp://HOST:PORT`.
    /// - Throws: `BusError` that names the right form.
    package init(_ text: String, serverKey: String? = nil) throws {
        if text.hasPrefix("ipc:") {
            self = .ipc(directory: String(text.dropFirst(text.hasPrefix("ipc://") ? 6 : 4)))
            return
        }
        guard text.hasPrefix("tcp://"), let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (1...65_534).contains(port)
        else {
            throw BusError(.badFrame, "bus address \(text): write ipc:DIR or tcp://HOST:PORT")
        }
        guard let serverKey, serverKey.utf8.count == 40 else {
            throw BusError(
                .unauthorized,
                "tcp needs the router's public key: --server-key Z85, as spacenode machine key shows it")
        }
        let host = text[text.index(text.startIndex, offsetBy: 6)..<colon]
        self = .tcp(host: String(host), port: port, serverKey: serverKey)
    }
}

/// Room in one class, in bytes and messages.
package struct BusWindow: Sendable, Hashable {
    package var bytes: UInt64
    package var messages: UInt64

    /// A window.
    package init(bytes: UInt64, messages: UInt64) {
        self.bytes = bytes
        self.messages = messages
    }
}

/// Who a plugin is and how it reaches the router.
package struct BusOptions: Sendable {
    package var address: BusAddress
    /// Instance name, 1 to 48 of `a-z 0-9 . -`.
    package var name: String
    package var role: BusRole
    /// Contracts served here, with the range of minors; `system` is added.
    package var provides: [ContractInfo]
    /// Contracts called or read here.
    package var requires: [ContractInfo]
    /// 32 bytes for ipc; nil: `DIR/tokens/<role>` is read at each HELLO.
    package var token: [UInt8]?
    /// Our CURVE secret in Z85, for tcp.
    package var secretKey: String?
    /// What we hold unprocessed, by class: urgent, normal, bulk.
    package var windows = [
        BusWindow(bytes: 512 << 10, messages: 256), BusWindow(bytes: 8 << 20, messages: 1024),
        BusWindow(bytes: 8 << 20, messages: 64),
    ]
    /// Public keys that must have one holder in the system.
    package var heldKeys: [[UInt8]] = []
    package var labels: [(name: String, value: String)] = []
    /// Version text for people.
    package var build = "0.1.0"
    /// How long running handlers may go on after a drain began.
    package var drainMilliseconds: UInt64 = 10_000

    /// Options with the defaults of docs/protocol/bus.md.
    package init(
        address: BusAddress, name: String, role: BusRole, provides: [ContractInfo] = [],
        requires: [ContractInfo] = []
    ) {
        self.address = address
        self.name = name
        self.role = role
        self.provides = provides
        self.requires = requires
    }

    /// Reads `--bus`, `--name`, `--token`, `--key`, `--server-key`, else `SPACENODE_BUS`, `SPACENODE_NAME`,
    /// `SPACENODE_TOKEN`, `SPACENODE_KEY`, `SPACENODE_SERVER_KEY`.
    /// - Throws: `BusError` that says which word is missing or wrong.
    package static func fromCommandLine(
        _ arguments: [String] = CommandLine.arguments,
        environment: [String: String] = ProcessInfo.processInfo.environment,
        role: BusRole, name: String, provides: [ContractInfo] = [], requires: [ContractInfo] = []
    ) throws -> BusOptions {
        func value(_ flag: String) -> String? {
            // A value that begins with a dash, as keys may, is written --flag=value.
            if let word = arguments.first(where: { $0.hasPrefix("--\(flag)=") }) {
                return String(word.dropFirst(flag.count + 3))
            }
            if let place = arguments.firstIndex(of: "--\(flag)"), place + 1 < arguments.count {
                return arguments[place + 1]
            }
            return environment["SPACENODE_" + flag.uppercased().replacingOccurrences(of: "-", with: "_")]
        }
        guard let bus = value("bus") else {
            throw BusError(
                .noRoute,
                "which router? --bus ipc:DIR or --bus tcp://HOST:PORT (spacenode bus path prints DIR)")
        }
        var options = BusOptions(
            address: try BusAddress(bus, serverKey: value("server-key")), name: value("name") ?? name,
            role: role,
            provides: provides, requires: requires)
        if let file = value("token") { options.token = try secretFile(file, "token") }
        if let file = value("key") {
            options.secretKey = String(decoding: try secretFile(file, "key"), as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if case .tcp = options.address, options.secretKey == nil {
            throw BusError(
                .unauthorized, "tcp needs this machine's key: --key FILE, made by spacenode machine key")
        }
        return options
    }

    private static func secretFile(_ path: String, _ what: String) throws -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BusError(
                .unauthorized,
                "cannot read \(what) file \(path): check the path and that this user may read it")
        }
        return [UInt8](data)
    }

    /// The token for a HELLO over ipc.
    func helloToken() throws -> [UInt8] {
        if let token { return token }
        switch address {
        case .tcp: return []
        case .ipc(let directory), .plainLoopback(_, let directory):
            return try Self.secretFile("\(directory)/tokens/\(role.name)", "token")
        }
    }
}
