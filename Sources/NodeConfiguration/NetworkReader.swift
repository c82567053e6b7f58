internal import Foundation
internal import NodeDomain
internal import NodeEncoding

/// Reads the fields of a network file; each fault is noted, and something harmless stands in for the value.
final class NetworkReader {
    private let root: MappingReader
    private var inner: [MappingReader] = []

    init(_ root: MappingReader) {
        self.root = root
    }

    func finish() -> [ConfigurationFault] { root.finish(with: inner) }

    // MARK: - Names and moments

    func name() -> String {
        let name = text("name", 1...32)
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        if !name.allSatisfy(letters.contains) { fault("name", "`\(name)` has more than a-z, 0-9 and -") }
        return name
    }

    func hrp() -> String {
        let hrp = text("hrp", 1...16)
        let letters = Set("abcdefghijklmnopqrstuvwxyz")
        if !hrp.allSatisfy(letters.contains) { fault("hrp", "`\(hrp)` has more than a-z") }
        return hrp
    }

    func text(_ key: String, _ bytes: ClosedRange<Int>) -> String {
        root.require(key, "\(bytes.lowerBound) to \(bytes.upperBound) bytes of text")
        let text = root.string(key) ?? ""
        if root.node(key) != nil, !bytes.contains(text.utf8.count) {
            fault(
                key,
                "it has \(text.utf8.count) bytes: give \(bytes.lowerBound) to \(bytes.upperBound)")
        }
        return text
    }

    func genesis() -> NetworkFile.Genesis? {
        root.require("genesis_time", "a moment such as \"2027-01-15T12:00:00Z\", or launch+10")
        guard let text = root.string("genesis_time") else { return nil }
        if text.hasPrefix("launch+"), let seconds = UInt64(text.dropFirst(7)), seconds <= 86_400 {
            return .afterLaunch(seconds * 1000)
        }
        // The genesis id covers whole seconds.
        if let date = ISO8601DateFormatter().date(from: text), date.timeIntervalSince1970 >= 0 {
            return .moment(UInt64(date.timeIntervalSince1970) * 1000)
        }
        fault("genesis_time", "`\(text)` is no moment: write it as \"2027-01-15T12:00:00Z\", or launch+10")
        return nil
    }

    // MARK: - Numbers

    func parameters() -> NetworkParameters {
        let units = UInt32(number("min_units", 1...Int(UInt32.max)))
        let most = UInt32(number("max_units", 1...Int(UInt32.max)))
        if most < units { fault("max_units", "it is below min_units: give \(units) or more") }
        let work = milliseconds("poet_work_seconds")
        let (phase, epoch) = (milliseconds("poet_phase_seconds"), milliseconds("epoch_seconds"))
        if phase + work >= epoch {
            fault(
                "poet_work_seconds",
                "phase and work end after the epoch: give less than \((epoch - min(epoch, phase)) / 1000)")
        }
        var parameters = NetworkParameters()
        parameters.blockInterval = UInt64(number("block_interval_ms", 1...3_600_000))
        parameters.layerTime = milliseconds("layer_seconds")
        parameters.epochTime = epoch
        parameters.effectiveGenesisLayer = UInt64(number("effective_genesis_layer", 0...Int(UInt32.max)))
        parameters.termHeights = UInt64(number("term_heights", 2...10_000_000))
        parameters.seats = UInt64(number("seats", 1...10_000))
        parameters.fadingEpochs = UInt64(number("fading_epochs", 1...10_000))
        parameters.poetPhase = phase
        parameters.poetWork = work
        parameters.poetLeaves = UInt64(number("poet_leaves", 1...1 << 40))
        parameters.windowHeights = UInt64(number("window_heights", 1...10_000_000))
        parameters.inclusionDelay = UInt64(number("inclusion_delay", 1...10_000_000))
        parameters.labelsPerUnit = UInt64(number("labels_per_unit", 1...1 << 40))
        parameters.units = units...max(units, most)
        parameters.mostNonces = UInt32(number("max_nonces", 1...4096))
        parameters.proofIndices = UInt32(number("k2", 1...65_535))
        parameters.goodLabels = UInt32(number("k1", 1...65_535))
        parameters.powDifficulty = difficulty()
        parameters.laneProofs = number("lane_proofs", 0...256)
        parameters.laneBytes = number("lane_bytes", 0...1 << 20)
        parameters.blockGas = UInt64(number("block_gas", 1...1 << 40))
        return parameters
    }

    func plots() -> NetworkFile.Plots {
        var plots = NetworkFile.Plots()
        plots.defaultUnits = UInt32(number("default_units", 1...Int(UInt32.max)))
        plots.scryptN = UInt32(number("scrypt_n", 2...65_536))
        plots.fileSize = UInt64(number("file_size", 1024...1 << 60))
        if plots.scryptN.nonzeroBitCount != 1 {
            fault("scrypt_n", "it is \(plots.scryptN): give a power of two, such as 8192")
        }
        return plots
    }

    func timing() -> NetworkFile.Timing {
        var timing = NetworkFile.Timing()
        timing.precision = UInt64(number("precision_ms", 1...600_000))
        timing.messageDelay = UInt64(number("message_delay_ms", 1...600_000))
        timing.propose = UInt64(number("timeout_propose_ms", 1...600_000))
        timing.prevote = UInt64(number("timeout_prevote_ms", 1...600_000))
        timing.precommit = UInt64(number("timeout_precommit_ms", 1...600_000))
        return timing
    }

    private func milliseconds(_ key: String) -> UInt64 { UInt64(number(key, 1...100_000_000)) * 1000 }

    private func number(_ key: String, _ range: ClosedRange<Int>) -> Int {
        root.require(key, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        return root.integer(key, range) ?? range.lowerBound
    }

    private func difficulty() -> Bytes32 {
        let text = self.text("pow_difficulty", 64...64)
        if let number = Bytes32(hexadecimal: text) { return number }
        fault("pow_difficulty", "it is no number of 64 digits in base 16")
        return .largest
    }

    // MARK: - Who is there at genesis

    func accounts(hrp: String) -> [NetworkFile.Account] {
        let entries = root.mappings("accounts")
        inner += entries
        var sum: UInt64 = 0
        let accounts = entries.compactMap { entry -> NetworkFile.Account? in
            entry.require("address", "where the account stands")
            entry.require("balance", "smidge")
            guard let text = entry.string("address"), let balance = entry.integer("balance", 1...Int.max)
            else { return nil }
            let (total, over) = sum.addingReportingOverflow(UInt64(balance))
            if over { entry.fault(entry.line, "all balances together are over 64 bits") }
            sum = total
            do {
                return NetworkFile.Account(
                    address: try Address(text: text, prefix: hrp), balance: UInt64(balance))
            } catch {
                entry.fault(entry.line(of: "address"), "`\(text)`: \(error)")
                return nil
            }
        }
        unique(entries.map { $0.string("address") ?? "" }, entries, "address")
        return accounts
    }

    func committee() -> [NetworkFile.Member] {
        let entries = root.mappings("committee")
        inner += entries
        unique(entries.map { $0.string("operator") ?? "" }, entries, "operator")
        return entries.compactMap { entry in
            entry.require("share", "a whole number, 1 or more")
            guard let key = Self.key(entry, "operator"), let vrfKey = Self.key(entry, "vrf_key"),
                let share = entry.integer("share", 1...1 << 32)
            else { return nil }
            return NetworkFile.Member(operator: key, vrfKey: vrfKey, share: UInt64(share))
        }.sorted { $0.operator < $1.operator }
    }

    private static func key(_ entry: MappingReader, _ name: String) -> Bytes32? {
        entry.require(name, "a key of 64 digits in base 16")
        guard let text = entry.string(name) else { return nil }
        if text == NetworkFile.thisNode { return NetworkFile.unnamed }
        if let key = Bytes32(hexadecimal: text) { return key }
        entry.fault(
            entry.line(of: name), "`\(name)` is no key: give 64 digits in base 16, or \(NetworkFile.thisNode)"
        )
        return nil
    }

    private func fault(_ key: String, _ text: String) {
        root.fault(root.line(of: key), text.hasPrefix("`") ? text : "`\(key)`: \(text)")
    }
}
