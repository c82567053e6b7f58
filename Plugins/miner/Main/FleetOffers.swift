internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeDomain
internal import NodeProtocol
internal import NodeTasks
internal import Synchronization

/// What the workers of a plan say that they have.
final class FleetOffers: Sendable {
    private struct Entry {
        var instance: UInt64
        /// When it last spoke.
        var heard: UInt64
        /// When it was last asked.
        var asked: UInt64?
        var reply: Spacenode_Post_V1_OffersReply?
        /// A job found no place in what it said.
        var isWanted = false
    }

    /// A worker that was silent for so long is not there.
    static let silence: UInt64 = 9_000
    /// How often a worker is asked anew, and how soon when a job finds no place.
    private static let again: UInt64 = 120_000
    private static let soon: UInt64 = 5_000

    private let plan: FleetPlan
    private let names: Set<String>
    private let entries = Mutex<[String: Entry]>([:])

    init(plan: FleetPlan) {
        self.plan = plan
        names = Set(plan.segments.map(\.worker))
    }

    // MARK: - Asking

    /// Asks workers as they come, until cancelled.
    func run(_ bus: BusClient, _ owner: TaskOwner) async {
        while !Task.isCancelled, await !bus.isStopped() {
            let now = await bus.now()
            for (name, instance) in due(await owner.workers, now) {
                let reply = try? await bus.call(PostContract.offers, .init(), to: instance)
                entries.withLock { entries in
                    guard entries[name]?.instance == instance else { return }
                    entries[name]?.asked = now
                    entries[name]?.isWanted = false
                    if let reply { entries[name]?.reply = reply }
                }
            }
            await bus.pause(500)
        }
    }

    /// Workers to ask now.
    private func due(_ seen: [SeenWorker], _ now: UInt64) -> [(String, UInt64)] {
        entries.withLock { entries in
            for worker in seen where now < worker.lastSeen + FleetOffers.silence {
                if var entry = entries[worker.name], entry.instance == worker.instance {
                    // It was away: what it has may have changed.
                    if now > entry.heard + FleetOffers.silence { entry.asked = nil }
                    entry.heard = worker.lastSeen
                    entries[worker.name] = entry
                } else if worker.lastSeen >= entries[worker.name]?.heard ?? 0 {
                    entries[worker.name] = Entry(instance: worker.instance, heard: worker.lastSeen)
                }
            }
            return entries.filter { _, entry in
                guard now < entry.heard + FleetOffers.silence else { return false }
                guard let asked = entry.asked else { return true }
                let isNeeded = entry.isWanted || entry.reply == nil
                return now >= asked + (isNeeded ? FleetOffers.soon : FleetOffers.again)
            }.map { ($0.key, $0.value.instance) }.sorted { $0.0 < $1.0 }
        }
    }

    // MARK: - Answers

    /// The workers that are there.
    func present(at now: UInt64) -> [FleetWorker] {
        entries.withLock { entries in
            entries.filter { now < $0.value.heard + FleetOffers.silence }.map { name, entry in
                FleetWorker(
                    name: name, places: places(name, entry.reply),
                    hashesPerSecond: entry.reply?.hashesPerSecond ?? 0)
            }.sorted { $0.name < $1.name }
        }
    }

    private func places(_ name: String, _ reply: Spacenode_Post_V1_OffersReply?) -> [FleetWorker.Place] {
        guard let reply else { return [] }
        return plan.segments.filter { $0.worker == name }.map(\.directory).map { directory in
            let disk =
                reply.segments.first { $0.directory == directory }?.disk
                ?? FleetOffers.home(of: directory, reply)?.disk ?? ""
            let state = reply.disks.first { $0.name == disk }
            let rates = [state?.limitBytesPerSecond ?? 0, state?.readBytesPerSecond ?? 0].filter { $0 > 0 }
            return FleetWorker.Place(
                directory: directory, disk: disk.isEmpty ? directory : disk,
                bytesPerSecond: Double(rates.min() ?? 0))
        }
    }

    /// The directory that a worker offers and that this one is, or lies in.
    private static func home(
        of directory: String, _ reply: Spacenode_Post_V1_OffersReply
    ) -> Spacenode_Post_V1_PlotDirectory? {
        reply.directories.filter { directory == $0.path || directory.hasPrefix("\($0.path)/") }
            .max { $0.path.utf8.count < $1.path.utf8.count }
    }

    /// Where a job finds its place.
    enum Placement: Equatable {
        case at(locality: String)
        /// Not now: why.
        case nowhere(String)
    }

    /// The place of a job.
    func place(_ job: FleetJob) -> Placement {
        guard let number = job.segment else { return .at(locality: "") }
        let segment = plan.segments[number]
        let reply = entries.withLock { $0[segment.worker]?.reply }
        guard let reply else { return .nowhere("worker \(segment.worker) has not come yet") }
        let placement =
            if case .initialize = job { makingPlace(segment, reply) } else { scanningPlace(segment, reply) }
        if case .nowhere = placement { entries.withLock { $0[segment.worker]?.isWanted = true } }
        return placement
    }

    private func makingPlace(_ segment: FleetSegment, _ reply: Spacenode_Post_V1_OffersReply) -> Placement {
        guard let home = FleetOffers.home(of: segment.directory, reply) else {
            return .nowhere(
                "\(segment.worker) offers no directory that holds \(segment.directory): name it under `plots:` in its post-worker.yaml"
            )
        }
        guard home.fault.isEmpty else { return .nowhere("\(segment.worker): \(home.fault)") }
        return .at(locality: home.locality)
    }

    private func scanningPlace(_ segment: FleetSegment, _ reply: Spacenode_Post_V1_OffersReply) -> Placement {
        let own = reply.segments.first {
            $0.directory == segment.directory && $0.plot.identity == Data(plan.identity.bytes)
        }
        let files = FleetPlan.text(segment.files)
        guard let own else {
            return .nowhere(
                "\(segment.worker) has no files of this plot in \(segment.directory): make files \(files) first"
            )
        }
        guard own.fault.isEmpty else { return .nowhere("\(segment.worker): \(own.fault)") }
        guard own.files.first <= segment.files.lowerBound, own.files.last >= segment.files.upperBound - 1
        else {
            return .nowhere("\(segment.worker) has not all of files \(files) in \(segment.directory)")
        }
        return .at(locality: own.locality)
    }

    /// Workers that could judge a proof.
    func judges(at now: UInt64) -> [(name: String, instance: UInt64)] {
        entries.withLock { entries in
            entries.filter { now < $0.value.heard + FleetOffers.silence }.map { ($0.key, $0.value.instance) }
                .sorted { $0.0 < $1.0 }
        }
    }
}
