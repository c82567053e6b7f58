internal import ArgumentParser
internal import NodeCommand
internal import VmCore

/// What is minted and comes free, by layer.
struct ToolEconomics: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "economics", abstract: "What is minted and comes free, layer by layer, in smidge.",
        subcommands: [ToolTable.self, ToolSimulate.self])
}

/// Which layers to print, and how.
struct LayerRange: ParsableArguments {
    @Option(help: "First layer.") var from: UInt64
    @Option(help: "Last layer.") var to: UInt64
    @Flag(help: "Print JSON.") var json = false

    func validate() throws {
        guard from <= to else {
            throw ValidationError("--from \(from) --to \(to): the first must not be the larger")
        }
    }
}

/// The table by the rule of nodes: a layer's index is its distance from the last layer that mints nothing.
struct ToolTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "table", abstract: "Subsidy, its sum, vested and circulating smidge of each layer.")

    @OptionGroup var range: LayerRange
    @Option(help: "The last layer that mints nothing; 8063 is the original's.")
    var genesisLayer: UInt64 = Issuance.originalGenesisLayer

    func run() throws {
        try LayerTable(unpaid: genesisLayer, indexZero: genesisLayer).print(range)
    }
}

/// The table by the rule of the original's public simulator, whose index is one lower.
struct ToolSimulate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "The same as the original's public simulator counts: index 0 is layer 8064.")

    @OptionGroup var range: LayerRange

    func run() throws {
        let genesis = Issuance.originalGenesisLayer
        try LayerTable(unpaid: genesis, indexZero: genesis + 1).print(range)
    }
}

/// Rows of layers.
struct LayerTable {
    /// The last layer that mints nothing.
    let unpaid: UInt64
    /// The layer of index 0.
    let indexZero: UInt64

    /// One layer, in smidge.
    struct Row {
        let layer, subsidy, accumulated, vested, circulating: UInt64
    }

    func row(_ layer: UInt64) -> Row {
        let vested = Vesting.accumulated(layer: layer)
        guard layer > unpaid, layer >= indexZero else {
            return Row(layer: layer, subsidy: 0, accumulated: 0, vested: vested, circulating: vested)
        }
        let index = layer - indexZero
        let accumulated = Issuance.accumulated(index)
        return Row(
            layer: layer, subsidy: Issuance.subsidy(index), accumulated: accumulated, vested: vested,
            circulating: accumulated + vested)
    }

    func print(_ range: LayerRange) throws {
        let last = indexZero.addingReportingOverflow(Issuance.lastIndex)
        guard !last.overflow, range.to <= last.partialValue else {
            throw CommandFault(
                "--to \(range.to): the last layer that mints anything is \(last.partialValue); nothing comes after it"
            )
        }
        let names = ["layer", "subsidy", "accumulated", "vested", "circulating"]
        let widths = [10, 13, 20, 20, 20]
        var text = range.json ? "[" : line(names, widths)
        for layer in range.from...range.to {
            let row = row(layer)
            let numbers = [row.layer, row.subsidy, row.accumulated, row.vested, row.circulating]
            if range.json {
                // Smidge are over 2⁵³: as text, so that no reader rounds them.
                let fields = zip(names, numbers).map {
                    $0 == "layer" ? "\"\($0)\":\($1)" : "\"\($0)\":\"\($1)\""
                }
                text += (layer == range.from ? "\n" : ",\n") + "{" + fields.joined(separator: ",") + "}"
            } else {
                text += line(numbers.map(String.init), widths)
            }
            if text.utf8.count > 1 << 16 {
                write(text)
                text = ""
            }
        }
        write(text + (range.json ? "\n]\n" : ""))
    }

    private func line(_ words: [String], _ widths: [Int]) -> String {
        zip(words, widths).map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined(
            separator: "  ")
            + "\n"
    }
}
