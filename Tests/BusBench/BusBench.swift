internal import ArgumentParser
internal import Foundation
internal import Logging

/// Our side of the measurements in Tests/Benchmarks: started by its `run`, never shipped.
@main
struct BusBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "BusBench", abstract: "Our side of Tests/Benchmarks.",
        subcommands: [RouterBench.self, ProvideBench.self, CallBench.self])
}

/// A logger that speaks of warnings and worse alone.
func quietLogger(_ label: String) -> Logger {
    var logger = Logger(label: label) { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    return logger
}
