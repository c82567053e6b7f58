internal import ArgumentParser
internal import Foundation

/// `spacenode-post-worker`: makes, proves and verifies plots.
///
/// What is here so far are its tools.
@main
struct PostWorker: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spacenode-post-worker",
        abstract: "Proof of space-time: labels, proofs and what they cost.",
        discussion: """
            `spacenode post X` is `spacenode-post-worker tool X`.
            Exit status: 0 ok, 1 attention (a proof is invalid), 2 error.
            """,
        subcommands: [Tool.self])

    static func main() {
        do {
            var command = try parseAsRoot(Array(CommandLine.arguments.dropFirst()))
            try command.run()
        } catch let error as ExitCode {
            Foundation.exit(error.rawValue)
        } catch {
            let code = exitCode(for: error)
            let text = fullMessage(for: error)
            if code.isSuccess {
                print(text)
                Foundation.exit(0)
            }
            FileHandle.standardError.write(Data((text.isEmpty ? "post: \(error)" : text).utf8 + [0x0a]))
            Foundation.exit(2)
        }
    }
}

/// The tools that need no running node.
struct Tool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tool", abstract: "Tools that need no running node.",
        subcommands: [
            ToolLabel.self, ToolCommitment.self, ToolInit.self, ToolFindNonce.self, ToolCheck.self,
            ToolMerge.self, ToolProve.self, ToolVerify.self, ToolBench.self,
        ])
}
