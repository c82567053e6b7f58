internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// What the operator wants, handed on to all work that is under way.
final class WorkerReins: Sendable {
    private struct Piece {
        let disk: String?
        let reads: Bool
        let control: WorkControl
    }

    private struct State {
        var book: ControlBook
        var pieces: [UInt64: Piece] = [:]
        var next: UInt64 = 0
    }

    private let state: Mutex<State>

    init(_ book: ControlBook) {
        state = Mutex(State(book: book))
    }

    var book: ControlBook { state.withLock { $0.book } }

    /// Work begins.
    /// - Parameter reads: whether the limit for reading is its.
    func begin(disk: String?, reads: Bool, _ control: WorkControl) -> UInt64 {
        state.withLock { state in
            let piece = Piece(disk: disk, reads: reads, control: control)
            defer { state.next += 1 }
            state.pieces[state.next] = piece
            Self.pull(piece, state.book)
            return state.next
        }
    }

    /// Work has ended.
    func end(_ number: UInt64) {
        state.withLock { $0.pieces[number] = nil }
    }

    /// Takes a wish and hands it on.
    func apply(_ wish: ControlBook.Wish, disks: Set<String>) throws {
        try state.withLock { state in
            try state.book.apply(wish, disks: disks)
            for piece in state.pieces.values { Self.pull(piece, state.book) }
        }
    }

    private static func pull(_ piece: Piece, _ book: ControlBook) {
        let reins = book.reins(disk: piece.disk)
        piece.control.limit(bytesPerSecond: piece.reads ? reins.readLimit : nil)
        if reins.isPaused { piece.control.pause() } else { piece.control.resume() }
    }
}
