internal import ArgumentParser
internal import RouterCore
internal import RouterProcess

/// The router as shipped, and plain tcp on loopback besides, which the shipped command does not offer.
struct RouterBench: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "router", abstract: "The router.")

    @Option(help: "Folder of the ipc sockets and tokens.") var runDir: String
    @Option(help: "Port of plain tcp on 127.0.0.1; the data lane has the next.") var plainPort: Int?
    @Option(help: "Port of CURVE tcp on 127.0.0.1; the data lane has the next.") var curvePort: Int?
    @Option(parsing: .unconditional, help: "The router's CURVE secret in Z85.")
    var secretKey: String?
    @Option(parsing: .unconditionalSingleValue, help: "A key in Z85 that may connect in role example.")
    var allow: [String] = []

    func run() throws {
        var endpoints = RouterEndpoints(runDirectory: runDir)
        endpoints.plainLoopbackPort = plainPort
        if let curvePort {
            endpoints.tcp = ("127.0.0.1", curvePort)
            endpoints.secretKey = secretKey
        }
        var settings = RouterProcessSettings(endpoints: endpoints)
        let machines = allow.enumerated().map { number, key in
            ListedMachine(name: "bench-\(number)", role: 15, key: key)
        }
        settings.machines = { machines }
        var loop = try RouterLoop(settings, logger: quietLogger("router"))
        try loop.run()
    }
}
