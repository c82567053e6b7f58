package import Foundation

/// Starts programs that share nothing with this one but their environment.
enum Spawn {
    /// Starts a program with both outputs at the end of a log.
    ///
    /// It gets an empty signal mask and the usual dispositions, whatever this process has, and none of its files.
    /// - Parameter hasGroup: whether it leads a process group of its own.
    /// - Throws: `SupervisorFault`.
    static func start(
        _ program: String, _ arguments: [String], _ environment: [String: String], log: String, hasGroup: Bool
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        var actions = posix_spawn_file_actions_t()
        posix_spawnattr_init(&attributes)
        posix_spawn_file_actions_init(&actions)
        defer {
            posix_spawnattr_destroy(&attributes)
            posix_spawn_file_actions_destroy(&actions)
        }
        setSignals(&attributes, hasGroup: hasGroup)
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        closeFilesOnExec()
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var variables = environment.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var pid: pid_t = 0
        let status = posix_spawn(&pid, program, &actions, &attributes, &words, &variables)
        guard status == 0 else { throw SupervisorFault("\(program): \(String(cString: strerror(status)))") }
        return pid
    }

    private static func setSignals(_ attributes: inout posix_spawnattr_t, hasGroup: Bool) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (hasGroup ? POSIX_SPAWN_SETPGROUP : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))
    }

    /// No child is to have a file of ours, whoever opened it: a lock or a pipe would live on in it.
    private static func closeFilesOnExec() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for number in names.compactMap({ Int32($0) }) where number > STDERR_FILENO {
            _ = fcntl(number, F_SETFD, FD_CLOEXEC)
        }
    }
}

/// This program anew, to outlive this one.
package struct Background {
    package let pid: pid_t

    /// Starts it; it is to call `leave` first.
    /// - Throws: `SupervisorFault`.
    package init(_ arguments: [String], log: String) throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        pid = try Spawn.start(
            program, arguments, ProcessInfo.processInfo.environment, log: log, hasGroup: false)
    }

    /// Leaves the terminal and the session of whoever started us.
    package static func leave() { setsid() }

    /// Whether it lives still; asked by the one who started it.
    package var isAlive: Bool {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) == 0
    }
}
