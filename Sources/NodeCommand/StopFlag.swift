internal import Foundation
internal import Synchronization

/// Set by the signal handler alone.
private let signalCame = Atomic<Bool>(false)

/// Whether SIGINT or SIGTERM came: long-running commands end in order.
package struct StopFlag: Sendable {
    /// Whether one of them came.
    package var isRaised: Bool { signalCame.load(ordering: .acquiring) }

    /// A flag that both signals raise; a second one ends the program at once.
    package static func onSignals() -> StopFlag {
        // Made before the handler may need it.
        signalCame.store(false, ordering: .releasing)
        for number in [SIGINT, SIGTERM] {
            signal(number) { _ in
                if signalCame.exchange(true, ordering: .acquiringAndReleasing) { _exit(130) }
            }
        }
        return StopFlag()
    }
}
