internal import Foundation
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import PostWorkerCore
internal import PostWorkerPlots
internal import Synchronization

/// Answers what this worker has, and takes what the operator wants.
struct OfferHandlers: Sendable {
    let state: WorkerState
    let surveyor: Surveyor

    /// Registers Offers, Rescan and Control.
    func serve(on bus: BusClient) {
        bus.serve(PostContract.offers) { _, _ in offers() }
        bus.serve(PostContract.rescan) { request, _ in
            try await surveyor.look()
            if request.measureDisks { try await measure() }
            return offers()
        }
        bus.serve(PostContract.addDirectory) { request, _ in
            guard request.path.hasPrefix("/"), request.path.utf8.count <= 4096 else {
                throw BusError(.failed, "`path` is a whole path, from / on")
            }
            try state.add(request.path)
            try await surveyor.look()
            return offers()
        }
        bus.serve(PostContract.control) { request, _ in
            var wish = ControlBook.Wish()
            wish.disk = request.disk
            wish.isPaused = request.hasPaused ? request.paused : nil
            wish.readLimit = request.hasReadBytesPerSecond ? request.readBytesPerSecond : nil
            wish.threads = request.hasThreads ? request.threads : nil
            try state.reins.apply(wish, disks: state.look.disks)
            var reply = Spacenode_Post_V1_ControlReply()
            reply.state = controlState
            reply.disks = disks(state.look)
            return reply
        }
    }

    private var controlState: Spacenode_Post_V1_ControlState {
        let book = state.reins.book
        var wire = Spacenode_Post_V1_ControlState()
        wire.paused = book.isPaused
        wire.readBytesPerSecond = book.readLimit
        wire.threads = UInt32(book.threads)
        return wire
    }

    /// Reads for a second from each disk that nobody reads, one after another.
    private func measure() async throws {
        let survey = state.look.survey
        var seen: Set<String> = []
        for found in survey.found {
            guard let disk = found.disk, let layout = found.layout, let files = found.files,
                found.fault == nil,
                state.lanes.isFree(disk), seen.insert(disk).inserted
            else { continue }
            let segment = PlotSegment(directory: found.directory, layout: layout, files: files)
            let ticket = try await state.lanes.enter(disk, deadline: 0)
            defer { state.lanes.leave(ticket) }
            let rate = try await onOwnThread { try DiskRate.measure(segment, seconds: 1) }
            guard let rate else { continue }
            state.measured.withLock { $0.disks[disk] = .init(perSecond: rate, at: unixMilliseconds()) }
        }
    }

    private func offers() -> Spacenode_Post_V1_OffersReply {
        let look = state.look
        var reply = Spacenode_Post_V1_OffersReply()
        reply.worker = state.worker
        reply.machine = state.settings.machine
        reply.cores = UInt32(clamping: ProcessInfo.processInfo.activeProcessorCount)
        reply.instructionSets = LabelProviders.available.map(\.name)
        reply.memoryBytes = ProcessInfo.processInfo.physicalMemory
        reply.freeMemoryBytes = MemoryRoom.free ?? 0
        reply.disks = disks(look)
        reply.directories = look.survey.roots.map(directory)
        reply.segments = look.survey.found.map { segment($0, look.at) }
        reply.scannedMs = look.at
        state.measured.withLock {
            reply.labelsPerSecond = $0.labelsPerSecond
            reply.hashesPerSecond = $0.hashesPerSecond
        }
        reply.control = controlState
        return reply
    }

    private func disks(_ look: WorkerState.Looked) -> [Spacenode_Post_V1_Disk] {
        let (book, measured) = (state.reins.book, state.measured.withLock { $0.disks })
        return look.disks.sorted().map { name in
            var disk = Spacenode_Post_V1_Disk()
            disk.name = name
            disk.sizeBytes = look.rooms[name]?.size ?? 0
            disk.freeBytes = look.rooms[name]?.free ?? 0
            disk.readBytesPerSecond = UInt64(measured[name]?.perSecond ?? 0)
            disk.measuredMs = measured[name]?.at ?? 0
            let reins = book.reins(disk: name)
            disk.limitBytesPerSecond = reins.readLimit ?? 0
            disk.paused = reins.isPaused
            return disk
        }
    }

    private func directory(_ root: PlotSurvey.Root) -> Spacenode_Post_V1_PlotDirectory {
        var directory = Spacenode_Post_V1_PlotDirectory()
        directory.path = root.path
        directory.disk = root.disk ?? ""
        directory.locality = state.locality(root.path)
        directory.fault = root.fault ?? ""
        return directory
    }

    private func segment(_ found: PlotSurvey.Found, _ lookedAt: UInt64) -> Spacenode_Post_V1_Segment {
        var segment = Spacenode_Post_V1_Segment()
        if let layout = found.layout { segment.plot = Spacenode_Post_V1_Plot(layout) }
        segment.directory = found.directory
        segment.disk = found.disk ?? ""
        segment.locality = state.locality(found.directory)
        if let files = found.files { segment.files = Spacenode_Post_V1_Files(files) }
        segment.labels = found.labels
        segment.wantedLabels = found.wanted
        if let nonce = found.metadata?.nonce { segment.nonce = nonce }
        segment.nonceValue = Data(found.metadata?.nonceValue ?? [])
        segment.fault = found.fault ?? ""
        segment.checkedMs = found.isProbed ? lookedAt : 0
        return segment
    }
}

/// Memory that new work may take.
enum MemoryRoom {
    /// In bytes; nil when the system does not say.
    static var free: UInt64? {
        guard let text = try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8) else { return nil }
        let line = text.split(separator: "\n").first { $0.hasPrefix("MemAvailable:") }
        let fields = line?.split(separator: " ") ?? []
        return fields.count == 3 ? UInt64(fields[1]).map { $0 << 10 } : nil
    }
}
