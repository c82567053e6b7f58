internal import CLinux
internal import Foundation

/// What keeps this process's memory from others.
enum Secrecy {
    /// No core file, no debugger of the same user, and /proc/PID/mem for root alone.
    static func begin() {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        _ = linux_forbid_dumps()
        umask(0o077)
    }
}
