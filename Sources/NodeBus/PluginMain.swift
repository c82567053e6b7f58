internal import Foundation
package import Logging
internal import NodeLogging
package import ServiceLifecycle
internal import UnixSignals

/// The whole `main` of a plugin: logging, signals, drain, exit status.
package enum PluginMain {
    /// Runs a plugin until SIGTERM, SIGINT, a DRAIN from the router, or a refusal.
    ///
    /// Exit status 0 after an orderly end, 2 after a refusal or bad options, with the reason on standard error.
    /// - Parameters:
    ///   - name: label of the log lines.
    ///   - make: registers handlers and returns the client, or a service of the plugin's own that runs the client.
    package static func run<Plugin: Service>(_ name: String, _ make: (Logger) throws -> Plugin) async {
        LineLog.bootstrap()
        // No core file and no core pipe (fed even at 0): what a plugin holds may be secret.
        var none = rlimit(rlim_cur: 1, rlim_max: 1)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        let logger = Logger(label: name)
        do {
            let plugin = try make(logger)
            let configuration = ServiceGroupConfiguration(
                services: [
                    .init(
                        service: plugin, successTerminationBehavior: .gracefullyShutdownGroup,
                        failureTerminationBehavior: .cancelGroup)
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
            try await ServiceGroup(configuration: configuration).run()
        } catch {
            FileHandle.standardError.write(Data("spacenode-\(name): \(error)\n".utf8))
            exit(2)
        }
    }
}
