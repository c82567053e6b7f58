internal import ArgumentParser
internal import Foundation
internal import Logging
internal import NodeConfiguration
internal import NodeLogging
internal import RouterCore
internal import RouterProcess

/// `spacenode-router`: moves messages between plugins.
@main
struct RouterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-router", abstract: "Moves messages between the plugins of a node.")

    @Option(help: "Data directory (default: SPACENODE_DATA, else ./data).")
    var data: String?

    @Option(
        help: "Folder of the ipc sockets and tokens (default: named after the data directory, under /run).")
    var runDir: String?

    @Option(help: "Configuration file (default: DATA/config/router.yaml).")
    var config: String?

    @Option(help: "HOST:PORT for machines elsewhere, with CURVE; the data lane has the next port.")
    var tcp: String?

    func run() throws {
        LineLog.bootstrap()
        forbidCoreDumps()
        do {
            let paths = try NodePaths(data: data, run: runDir)
            let path = config ?? paths.routerFile
            let watch = FileWatch(path: path)
            let file = try RouterFile.read(path)
            var settings = try settings(paths, file)
            settings.changedRegistry = { watch.hasChanged() ? try registry(try RouterFile.read(path)) : nil }
            var loop = try RouterLoop(settings, logger: Logger(label: "router"))
            try loop.run()
        } catch {
            FileHandle.standardError.write(Data("spacenode-router: \(error)\n".utf8))
            throw ExitCode(2)
        }
    }

    private func settings(_ paths: NodePaths, _ file: RouterFile) throws -> RouterProcessSettings {
        var endpoints = RouterEndpoints(runDirectory: paths.run)
        if let address = tcp ?? file.tcp {
            guard let (host, port) = split(address) else {
                throw ValidationError("--tcp \(address): write HOST:PORT, such as 127.0.0.1:7600")
            }
            endpoints.tcp = (host, port)
            endpoints.secretKey = try RouterKey.load(paths).secretKey
        }
        var settings = RouterProcessSettings(endpoints: endpoints)
        apply(file, to: &settings.limits)
        settings.registry = try registry(file)
        let registry = settings.registry
        let watch = FileWatch(path: paths.machineFile)
        settings.machines = {
            try MachineFile(path: paths.machineFile).machines.compactMap { machine in
                // One that cannot be understood has no rights; the others keep, or lose, theirs.
                guard let role = try? registry.number(ofRole: machine.role) else {
                    Logger(label: "router").error(
                        "role of a listed machine is not known: it may not connect",
                        metadata: ["machine": "\(machine.name)", "role": "\(machine.role)"])
                    return nil
                }
                return ListedMachine(name: machine.name, role: role, key: machine.key)
            }
        }
        settings.machinesChanged = { watch.hasChanged() }
        return settings
    }

    private func apply(_ file: RouterFile, to limits: inout RouterLimits) {
        if let sessions = file.maxSessions { limits.maxSessions = sessions }
        if let bytes = file.trafficBytes { limits.trafficBytes = bytes }
        if let bytes = file.maxWindowBytes { limits.maxWindowBytes = UInt64(bytes) }
        if let heartbeat = file.heartbeatMilliseconds {
            limits.heartbeatMilliseconds = UInt64(heartbeat)
        }
    }
}

/// The types of the node with those that the file adds.
private func registry(_ file: RouterFile) throws -> TypeRegistry {
    var registry = TypeRegistry()
    for role in file.roles { registry.add(role: UInt32(role.number), name: role.name) }
    for contract in file.contracts {
        let providers = try registry.mask(contract.providers)
        let types = try contract.types.map { type in
            TypeRule(
                type: UInt32(contract.number) << 16 | UInt32(type.number), pattern: pattern(type.pattern),
                trafficClass: trafficClass(type.trafficClass),
                ttlMilliseconds: UInt32(type.ttlMilliseconds),
                maxBytes: type.maxBytes, isSensitive: type.isSensitive,
                callers: try registry.mask(type.callers),
                providers: providers)
        }
        registry.add(
            ContractRule(
                number: UInt32(contract.number), minor: UInt32(contract.minor), schema: 0,
                providers: providers),
            types: types)
    }
    return registry
}

private func pattern(_ name: String) -> RoutingPattern {
    switch name {
    case "event": .event
    case "downStream": .downStream
    case "upStream": .upStream
    default: .call
    }
}

private func trafficClass(_ name: String) -> RoutingClass {
    switch name {
    case "urgent": .urgent
    case "bulk": .bulk
    default: .normal
    }
}

/// No core file and no core pipe: what goes through this process may be secret.
private func forbidCoreDumps() {
    // 1, not 0: a pipe in core_pattern is fed even at 0.
    var none = rlimit(rlim_cur: 1, rlim_max: 1)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
}

extension TypeRegistry {
    /// A role's number by its name.
    /// - Throws: `ValidationError` that lists the names there are.
    func number(ofRole name: String) throws -> UInt32 {
        if let found = roleNames.first(where: { $0.value == name }) { return found.key }
        let names = roleNames.values.sorted().joined(separator: ", ")
        throw ValidationError(
            "role \(name) is not known: one of \(names), or name it under roles: in router.yaml")
    }

    /// Roles as a bit mask.
    func mask(_ names: [String]) throws -> UInt64 {
        try names.reduce(0) { $0 | 1 << UInt64(try number(ofRole: $1)) }
    }
}
