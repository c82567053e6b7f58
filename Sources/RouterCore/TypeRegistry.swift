/// How a type moves (docs/protocol/bus.md §5–§7).
package enum RoutingPattern: UInt8, Sendable {
    case call = 1
    case event = 2
    case downStream = 3
    case upStream = 4
}

/// Traffic classes, each with its own credit.
///
/// Raw values are those on the wire.
package enum RoutingClass: UInt8, Sendable, CaseIterable {
    case control = 1
    case urgent = 2
    case normal = 3
    case bulk = 4
}

/// What the router knows of one message type.
///
/// Roles are bit masks: bit n is role number n.
package struct TypeRule: Sendable, Equatable {
    package var type: UInt32
    package var pattern: RoutingPattern
    package var trafficClass: RoutingClass
    package var ttlMilliseconds: UInt32
    package var maxBytes: Int
    package var isSensitive: Bool
    package var callers: UInt64
    package var providers: UInt64

    /// Creates a rule; called by generated code and for types named in the router's configuration.
    package init(
        type: UInt32, pattern: RoutingPattern, trafficClass: RoutingClass, ttlMilliseconds: UInt32,
        maxBytes: Int, isSensitive: Bool, callers: UInt64, providers: UInt64
    ) {
        self.type = type
        self.pattern = pattern
        self.trafficClass = trafficClass
        self.ttlMilliseconds = ttlMilliseconds
        self.maxBytes = maxBytes
        self.isSensitive = isSensitive
        self.callers = callers
        self.providers = providers
    }
}

/// What the router knows of one contract.
package struct ContractRule: Sendable, Equatable {
    package var number: UInt32
    package var minor: UInt32
    package var schema: UInt32
    package var providers: UInt64

    /// Creates a rule; called by generated code and for contracts named in the router's configuration.
    package init(number: UInt32, minor: UInt32, schema: UInt32, providers: UInt64) {
        self.number = number
        self.minor = minor
        self.schema = schema
        self.providers = providers
    }
}

/// Which types exist and which roles may send, provide and read them.
///
/// Deny by default.
package struct TypeRegistry: Sendable {
    package private(set) var types: [UInt32: TypeRule] = [:]
    package private(set) var contracts: [UInt32: ContractRule] = [:]
    package private(set) var roleNames: [UInt32: String] = [:]

    /// The registry of the contracts that come with the node.
    package init() {
        for rule in Self.builtIn { types[rule.type] = rule }
        for rule in Self.builtInContracts { contracts[rule.number] = rule }
        for role in Self.builtInRoles { roleNames[role.number] = role.name }
    }

    /// Adds a contract of somebody else: numbers from 0x4000 on.
    package mutating func add(_ contract: ContractRule, types added: [TypeRule]) {
        contracts[contract.number] = contract
        for rule in added { types[rule.type] = rule }
    }

    /// Adds a role of somebody else: numbers 32 to 62.
    package mutating func add(role number: UInt32, name: String) {
        roleNames[number] = name
    }

    /// Name of a role, for refusals and lists.
    package func roleName(_ number: UInt32) -> String {
        roleNames[number] ?? "role \(number)"
    }
}
