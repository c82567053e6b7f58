internal import Foundation
internal import PostWorkerCore

/// Reads blocks of one disk ahead of those who look at them.
final class LaneReader: Sendable {
    /// Reads that are under way at a time: one more than one keeps the disk busy while a read is handed over.
    private static let depth = 2

    private struct State {
        var spans: BlockSpans
        var taken = 0
        var free: [PageMemory]
        var filled: [(number: Int, block: LabelBlock)] = []
        var readers = 0
        var isEnded = false
        var isCut = false
        var isDirect = true
        var fault: (any Error)?
    }

    private let state: Monitor<State>
    private let control: WorkControl

    /// Begins to read.
    init(_ lane: PlotReading.Lane, chunk: Int, control: WorkControl) {
        let buffers = (0..<LaneReader.depth + lane.threads + 1).compactMap { _ in
            PageMemory(bytes: Int(BlockSpans.blockBytes))
        }
        let spans = BlockSpans(lane.parts.map { ($0.number, $0.part.segment, $0.part.start) }, chunk: chunk)
        state = Monitor(State(spans: spans, free: buffers, readers: LaneReader.depth))
        self.control = control
        if buffers.isEmpty {
            state.with { $0.fault = LabelFault.memory(bytes: Int(BlockSpans.blockBytes)) }
        }
        for _ in 0..<LaneReader.depth {
            let thread = Thread { [self] in
                read()
                state.with { $0.readers -= 1 }
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Whether everything was read.
    var isFinished: Bool { state.with { !$0.isCut && $0.fault == nil } }
    /// Whether all of it was read past the system's cache.
    var isDirect: Bool { state.with { $0.isDirect } }

    /// The next block, the lowest first; nil at the end.
    func next() throws -> (number: Int, job: LabelBlock)? {
        try state.wait { state -> Result<(number: Int, job: LabelBlock)?, any Error>? in
            if state.isEnded { return .success(nil) }
            if let place = state.filled.indices.min(by: { state.filled[$0].number < state.filled[$1].number })
            {
                let next = state.filled.remove(at: place)
                return .success((next.number, next.block))
            }
            if let fault = state.fault { return .failure(fault) }
            return state.readers == 0 ? .success(nil) : nil
        }.get()
    }

    /// Takes the memory of a block back.
    func giveBack(_ block: LabelBlock) { state.with { $0.free.append(block.buffer) } }

    /// Reads no more.
    func end() {
        state.with {
            $0.isCut = $0.isCut || $0.readers > 0
            $0.isEnded = true
        }
        control.wake()
    }

    private var isEnded: Bool { state.with { $0.isEnded } }

    /// Waits until no read is under way.
    func join() { state.wait { $0.readers == 0 ? () : nil } }

    private func read() {
        var open: (path: String, file: ReadableFile)?
        do {
            while let (number, span, memory) = take() {
                guard control.admit(bytes: span.bytes.count, unless: { isEnded }) else { return cut() }
                if open?.path != span.path { open = (span.path, try ReadableFile(span.path)) }
                guard let file = open?.file else { return }
                try file.read(span, into: memory)
                let isDirect = file.isDirect
                state.with { state in
                    state.isDirect = state.isDirect && isDirect
                    state.filled.append((number, LabelBlock(span, memory: memory)))
                }
            }
        } catch {
            state.with { $0.fault = $0.fault ?? error }
        }
    }

    private func cut() { state.with { $0.isCut = true } }

    /// The next span and memory for it.
    ///
    /// Memory comes first: whoever has the lowest number then has a place for it.
    private func take() -> (Int, BlockSpan, PageMemory)? {
        state.wait { state -> (Int, BlockSpan, PageMemory)?? in
            if state.isEnded || state.fault != nil { return .some(nil) }
            guard let memory = state.free.popLast() else { return nil }
            guard let span = state.spans.next() else {
                state.free.append(memory)
                return .some(nil)
            }
            defer { state.taken += 1 }
            return (state.taken, span, memory)
        }
    }
}

/// A file that is read past the system's cache where that is possible.
private final class ReadableFile {
    private(set) var isDirect: Bool
    private var file: OpenFile

    init(_ path: String) throws(PlotFileFault) {
        if let file = try OpenFile(direct: path) {
            self.file = file
            isDirect = true
        } else {
            file = try OpenFile(path, O_RDONLY)
            isDirect = false
        }
    }

    /// Fills memory with a span.
    func read(_ span: BlockSpan, into memory: PageMemory) throws(PlotFileFault) {
        let wanted = span.bytes.count
        // A read past the cache is of whole sectors; the last one ends where the file does.
        let whole = (wanted + BlockSpans.sector - 1) / BlockSpans.sector * BlockSpans.sector
        let place = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<(isDirect ? whole : wanted)])
        guard let count = try file.read(into: place, at: span.bytes.lowerBound) else {
            guard isDirect else { throw OpenFile.fault(span.path, "read", span.bytes, EINVAL) }
            file = try OpenFile(span.path, O_RDONLY)
            isDirect = false
            return try read(span, into: memory)
        }
        guard count >= wanted else {
            throw OpenFile.fault(
                span.path, "read", span.bytes.lowerBound + UInt64(count)..<span.bytes.upperBound, 0)
        }
        // What is read once in an epoch should not drive out what others keep in the cache.
        if !isDirect {
            posix_fadvise(
                file.descriptor, off_t(clamping: span.bytes.lowerBound), off_t(wanted), POSIX_FADV_DONTNEED)
        }
    }
}
