internal import Foundation
internal import MinerCore
internal import NodeBus
internal import NodeConfiguration
internal import NodeDomain
internal import NodeEncoding
internal import NodeProtocol

/// Reads what the miner needs of the chain, all of it at one height.
///
/// Records are the originals of these fields, in this order (docs/protocol/vm.md).
struct ChainEyes: Sendable {
    let bus: BusClient

    /// The node's network, as the ledger keeps it, with what its genesis was.
    func network() async throws -> NetworkFile {
        let value = try await query("network", [], at: 0)
        return try NetworkFile.parse(String(decoding: value ?? [], as: UTF8.self), file: "network")
    }

    /// The ledger's own words.
    /// - Throws: `BusError.notReady` while it has no state.
    func info() async throws -> Spacenode_Vm_V1_InfoReply {
        let info = try await bus.call(VmContract.info, Spacenode_Vm_V1_InfoRequest())
        guard info.restoring.isEmpty, !info.appHash.isEmpty else {
            throw BusError(.notReady, "the ledger has no state yet", retryAfterMilliseconds: 100)
        }
        return info
    }

    /// Where the chain stands, and our operator and plots on it.
    /// - Parameter owed: epochs of which rows are looked at besides the current and the next one.
    func sight(
        _ info: Spacenode_Vm_V1_InfoReply, operator: Bytes32, plots: [Bytes32], owed: Set<UInt32>
    ) async throws -> ChainSight {
        let height = info.height
        guard let epoch = try await self.epoch(info.epoch, info) else {
            throw BusError(.failed, "the ledger has no record of epoch \(info.epoch)")
        }
        let next = info.epoch < .max ? try await self.epoch(info.epoch + 1, info) : nil
        var sight = ChainSight(
            height: height, time: info.timeMs, epoch: epoch, nextChallenge: next?.challenge,
            nextWeight: next?.weight ?? 0)
        sight.operator = try await operatorSight(`operator`, at: height)
        for number in owed where number < info.epoch {
            sight.ended[number] = try await self.epoch(number, info)?.index
        }
        let numbers = owed.union([info.epoch, info.epoch &+ 1]).sorted()
        for plot in plots {
            var seen = PlotSight(bound: try await bound(plot, at: height))
            // What was never activated has no rows.
            if seen.bound != nil {
                for number in numbers { seen.rows[number] = try await row(number, plot, at: height) }
            }
            sight.plots[plot] = seen
        }
        return sight
    }

    /// Seats of an operator, and of all, in the term of the next block.
    func seats(of operator: Bytes32, height: UInt64, termHeights: UInt64) async throws -> (
        own: UInt64, all: UInt64
    ) {
        let term = UInt32(clamping: height / max(termHeights, 1))
        guard let value = try await query("seats", bigEndian(term), at: height) else { return (0, 0) }
        var reader = ScaleReader(value)
        _ = try reader.compact32()
        var (own, all): (UInt64, UInt64) = (0, 0)
        for _ in 0..<(try reader.compact(limit: 1 << 20)) {
            let key = try reader.bytes32()
            _ = try reader.bytes32()
            let power = try reader.compact()
            all += power
            if key == `operator` { own += power }
        }
        return (own, all)
    }

    // MARK: - Records

    private func epoch(_ number: UInt32, _ info: Spacenode_Vm_V1_InfoReply) async throws -> EpochSight? {
        guard let value = try await query("epoch", bigEndian(number), at: info.height) else { return nil }
        var reader = ScaleReader(value)
        _ = try reader.compact()
        let start = max(try reader.compact(), info.genesisTimeMs)
        let index = try reader.number128()
        _ = try reader.number128()
        let weight = try reader.compact()
        let challenge = try reader.bytes32()
        let opening = try reader.option { reader throws(ScaleFault) in
            EpochSight.Opening(post: try reader.bytes32(), height: try reader.compact())
        }
        return EpochSight(
            number: number, start: start, weight: weight, index: index, earned: try reader.compact(),
            challenge: challenge, opening: opening)
    }

    private func operatorSight(_ key: Bytes32, at height: UInt64) async throws -> OperatorSight? {
        guard let value = try await query("operator", key.bytes, at: height) else { return nil }
        var reader = ScaleReader(value)
        let vrfKey = try reader.option { reader throws(ScaleFault) in try reader.bytes32() }
        _ = try reader.flag()
        return OperatorSight(vrfKey: vrfKey, isJailed: try reader.flag(), isBarred: try reader.flag())
    }

    private func bound(_ plot: Bytes32, at height: UInt64) async throws -> PlotSight.Bound? {
        guard let value = try await query("plot", plot.bytes, at: height) else { return nil }
        var reader = ScaleReader(value)
        return PlotSight.Bound(
            commitmentATX: try reader.bytes32(), operator: try reader.bytes32(),
            coinbase: try reader.address())
    }

    private func row(_ epoch: UInt32, _ plot: Bytes32, at height: UInt64) async throws -> PlotSight.Row? {
        guard let value = try await query("row", bigEndian(epoch) + plot.bytes, at: height) else {
            return nil
        }
        var reader = ScaleReader(value)
        let units = try reader.compact32()
        _ = (try reader.bytes32(), try reader.address())
        return PlotSight.Row(units: units, isVoting: try reader.flag())
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }

    private func query(_ path: String, _ key: [UInt8], at height: UInt64) async throws -> [UInt8]? {
        var request = Spacenode_Vm_V1_QueryRequest()
        request.path = path
        request.key = Data(key)
        request.height = height
        let reply = try await bus.call(VmContract.query, request)
        return reply.found ? [UInt8](reply.value) : nil
    }
}
