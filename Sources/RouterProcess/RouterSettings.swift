package import RouterCore

/// A machine that may connect over CURVE.
package struct ListedMachine: Sendable, Equatable {
    package let name: String
    package let role: UInt32
    /// Public key in Z85, 40 characters.
    package let key: String

    /// A machine of the list.
    package init(name: String, role: UInt32, key: String) {
        self.name = name
        self.role = role
        self.key = key
    }
}

/// Where the router listens, and for whom.
package struct RouterEndpoints: Sendable {
    /// Folder of `control.sock`, `data.sock` and `tokens/`; made with mode 0700.
    package var runDirectory: String
    /// Address and port of the control lane, the data lane has the next port; nil: ipc only.
    package var tcp: (host: String, port: Int)?
    /// The router's CURVE secret in Z85; needed with `tcp`.
    package var secretKey: String?
    /// Plain tcp on loopback, for measuring against plain peers.
    ///
    /// No command or file sets it.
    package var plainLoopbackPort: Int?

    /// ipc in a folder.
    package init(runDirectory: String) {
        self.runDirectory = runDirectory
    }

    /// Endpoint of a lane over ipc.
    func ipc(_ lane: Lane) -> String {
        "ipc://\(runDirectory)/\(lane == .control ? "control" : "data").sock"
    }
}

/// All that a router process needs.
package struct RouterProcessSettings: Sendable {
    package var endpoints: RouterEndpoints
    package var limits = RouterLimits()
    package var registry = TypeRegistry()
    /// Reads the machines that may connect; called at start and when `machinesChanged` says so.
    package var machines: @Sendable () throws -> [ListedMachine] = { [] }
    /// Cheap question, asked every second: did the machine list change.
    package var machinesChanged: @Sendable () -> Bool = { false }

    /// Asked every second: the registry anew when the file behind it changed, else nil.
    package var changedRegistry: @Sendable () throws -> TypeRegistry? = { nil }

    /// Settings with the default limits and contracts.
    package init(endpoints: RouterEndpoints) {
        self.endpoints = endpoints
    }
}
