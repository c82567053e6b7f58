internal import Foundation
internal import Synchronization

/// Counted by the signal handler alone.
private let stopSignals = Atomic<Int>(0)

/// Signals that ask the supervisor to end the node.
package enum Signals {
    /// From here on SIGINT, SIGTERM and SIGHUP are counted, and a closed pipe or terminal ends nothing.
    package static func watch() {
        stopSignals.store(0, ordering: .releasing)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in stopSignals.add(1, ordering: .acquiringAndReleasing) }
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// How many have come.
    static var count: Int { stopSignals.load(ordering: .acquiring) }
}
