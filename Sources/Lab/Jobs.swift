internal import Foundation
internal import NodeCommand

/// A program that is run to its end.
struct Job: Sendable {
    /// Of the outcome, in words for people.
    let name: String
    /// Absolute.
    let program: String
    let words: [String]
}

/// What a program left.
struct JobOutcome: Sendable {
    let name: String
    /// nil: it did not end in time, and was killed.
    let status: Int32?
    let output: String
    let errors: String

    /// - Throws: `CommandFault` when it failed, with what it said.
    func check() throws {
        guard status != 0 else { return }
        let said = (errors + output).trimmingCharacters(in: .whitespacesAndNewlines)
        let how = status.map { "ends with \($0)" } ?? "does not end in time"
        throw CommandFault("\(name) \(how)\(said.isEmpty ? "" : ": \(said)")")
    }
}

/// Programs that run to their end, some at a time.
enum Jobs {
    private struct Running {
        let place: Int
        let pid: pid_t
        let output, errors: Int32
        let end: Date
    }

    /// Runs all of them.
    /// - Parameters:
    ///   - atOnce: how many run at the same time.
    ///   - seconds: that each one has.
    ///   - tell: called with each outcome, as it comes.
    /// - Returns: outcomes in the order of the jobs.
    static func run(
        _ jobs: [Job], atOnce: Int, seconds: Double, tell: (JobOutcome) -> Void = { _ in }
    ) throws -> [JobOutcome] {
        var outcomes: [JobOutcome?] = Array(repeating: nil, count: jobs.count)
        var running: [Running] = []
        var next = 0
        while next < jobs.count || !running.isEmpty {
            while next < jobs.count, running.count < max(1, atOnce) {
                running.append(try start(jobs[next], next, seconds))
                next += 1
            }
            var rest: [Running] = []
            for one in running {
                guard let outcome = outcome(one, jobs[one.place]) else {
                    rest.append(one)
                    continue
                }
                outcomes[one.place] = outcome
                tell(outcome)
            }
            running = rest
            if !running.isEmpty { usleep(10_000) }
        }
        return outcomes.compactMap { $0 }
    }

    /// One of them; its output.
    /// - Throws: `CommandFault` when it fails.
    static func output(_ job: Job, seconds: Double = 60) throws -> String {
        let outcomes = try run([job], atOnce: 1, seconds: seconds)
        try outcomes.forEach { try $0.check() }
        return outcomes.first?.output ?? ""
    }

    private static func start(_ job: Job, _ place: Int, _ seconds: Double) throws -> Running {
        let (output, errors) = (try scratch(), try scratch())
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var words = ([job.program] + job.words).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, job.program, &actions, &attributes, &words, &variables)
        guard status == 0 else {
            throw CommandFault("\(job.program) cannot be started: \(String(cString: strerror(status)))")
        }
        return Running(
            place: place, pid: pid, output: output, errors: errors, end: Date() + TimeInterval(seconds))
    }

    /// What this command was told of a node of its own is not meant for the lab's.
    private static var environment: [(key: String, value: String)] {
        let kept = ["SPACENODE_LOG_LEVEL", "SPACENODE_BUILD"]
        return ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("SPACENODE_") || kept.contains($0.key)
        }.sorted { $0.key < $1.key }
    }

    /// A file without a name: what a program writes needs no reader while it runs.
    private static func scratch() throws -> Int32 {
        var path = Array("\(NSTemporaryDirectory())/spacenode-lab-XXXXXX".utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { throw CommandFault.system("no file can be made in \(NSTemporaryDirectory())") }
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        unlink(path)
        return file
    }

    private static func outcome(_ one: Running, _ job: Job) -> JobOutcome? {
        var status: Int32 = 0
        var ended: Int32?
        switch waitpid(one.pid, &status, WNOHANG) {
        case 0 where Date() < one.end: return nil
        case 0:
            kill(one.pid, SIGKILL)
            waitpid(one.pid, &status, 0)
        case one.pid: ended = (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        default: break
        }
        return JobOutcome(
            name: job.name, status: ended, output: text(one.output), errors: text(one.errors))
    }

    private static func text(_ file: Int32) -> String {
        defer { close(file) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(file, &block, block.count, off_t(bytes.count))
            guard count > 0, bytes.count < 16 << 20 else { break }
            bytes += block.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
