package import ArgumentParser
internal import Foundation

extension ParsableCommand {
    /// Runs the command that the words name, and ends the program when it failed: 2, or the status that the command chose.
    ///
    /// - Parameters:
    ///   - words: without the program's name.
    ///   - name: before an error that has no text of its own.
    package static func runToEnd(
        _ words: [String] = Array(CommandLine.arguments.dropFirst()), name: String
    ) async {
        do {
            var command = try parseAsRoot(words)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as ExitCode {
            Foundation.exit(error.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            // Help is no error.
            if code.isSuccess {
                print(text)
                Foundation.exit(0)
            }
            note(text.isEmpty ? "\(name): \(error)" : text)
            Foundation.exit(2)
        }
    }
}

/// Why a command cannot do what it was asked; the text names the fix.
package struct CommandFault: Error, CustomStringConvertible {
    /// What is wrong, and what helps.
    package let description: String

    /// A fault in these words.
    package init(_ description: String) {
        self.description = description
    }
}
