internal import ArgumentParser
internal import Foundation
internal import NodeDomain
internal import PostWorkerCore
internal import PostWorkerPlots

extension Bytes32: ExpressibleByArgument {
    /// Sixty-four hexadecimal digits.
    package init?(argument: String) {
        self.init(hexadecimal: argument)
    }
}

extension InstructionSet: ExpressibleByArgument {}
extension ScanPath: ExpressibleByArgument {}
extension RandomXChoice: ExpressibleByArgument {}

/// What went wrong, said once.
struct ToolFault: Error, CustomStringConvertible {
    let description: String
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    say(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Prints a line at once, so that a pipe has it when it happens.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Says on standard error what is being done.
func note(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
