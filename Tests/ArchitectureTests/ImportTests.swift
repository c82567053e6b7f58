import Foundation
import Testing

/// What each target may import besides the standard library.
private let allowed: [String: Set<String>] = [
    "Sources/BusWire": [],
    // Values and rules alone: everything else may rest on them.
    "Sources/NodeDomain": [],
    "Sources/NodeEncoding": ["NodeDomain"],
    "Sources/NodeCrypto": ["NodeDomain", "CSodium", "CSHA256"],
    // Sequential work is made by the PoET, judged by the ledger, and asked for by clients, so it belongs to none of them.
    "Sources/NodePoet": ["NodeDomain", "NodeEncoding", "NodeCrypto"],
    "Sources/PoetClient": [
        "NodePoet", "NodeDomain", "Foundation", "FoundationNetworking", "Synchronization",
    ],
    // What all programs that people type share: their end, their output, their signals.
    "Sources/NodeCommand": ["ArgumentParser", "Foundation", "Synchronization"],
    "Sources/ZeroMQ": ["CZeroMQ"],
    "Sources/NodeLogging": ["Logging", "Glibc"],
    "Sources/NodeProtocol": ["SwiftProtobuf", "Foundation", "FoundationEssentials"],
    "Sources/NodeBus": [
        "BusWire", "NodeProtocol", "NodeLogging", "ZeroMQ", "SwiftProtobuf", "Logging", "ServiceLifecycle",
        "UnixSignals", "Foundation", "Glibc", "Synchronization",
    ],
    "Sources/NodeTasks": [
        "NodeBus", "NodeProtocol", "Crypto", "SwiftProtobuf", "Foundation", "Synchronization",
    ],
    "Sources/NodeBusTesting": [
        "BusWire", "NodeBus", "NodeProtocol", "RouterCore", "Logging", "SwiftProtobuf",
    ],
    "Sources/Traffic": ["NodeProtocol", "CZstd", "SwiftProtobuf", "Foundation"],
    "Sources/NodeConfiguration": ["NodeDomain", "NodeEncoding", "LabCore", "Yams", "Foundation"],
    // A lab's decisions: its plan, its lines, its judgement. Values alone.
    "Sources/LabCore": [],
    "Sources/Lab": [
        "LabCore", "CTun", "NodeCommand", "NodeOperator", "NodeBus", "NodeProtocol", "NodeConfiguration",
        "SupervisorProcess", "NodeDomain", "NodeEncoding", "NodeCrypto", "ArgumentParser", "Foundation",
    ],
    // Files of plugins that must be whole after any end.
    "Sources/NodeFiles": ["Foundation", "Glibc"],
    // The form of a batch is storage's and its callers' alike, so it belongs to neither plugin.
    "Sources/StorageWire": [],
    "Sources/StorageClient": ["StorageWire", "NodeBus", "NodeProtocol", "Foundation"],
    // A wallet is no plugin. Its secrets never come near the bus: what it sends is signed here.
    "Sources/NodeWallet": ["NodeDomain", "NodeEncoding", "NodeCrypto", "Foundation"],
    "Sources/Wallet": [
        "NodeWallet", "NodeCommand", "NodeOperator", "NodeBus", "NodeProtocol", "NodeDomain", "NodeEncoding",
        "NodeCrypto", "CLinux", "ArgumentParser", "SwiftProtobuf", "Foundation", "Glibc",
    ],
    // A session as operator and its options: what the command line and plugins' own commands share.
    "Sources/NodeOperator": [
        "NodeCommand", "NodeBus", "NodeProtocol", "NodeConfiguration", "ArgumentParser", "Logging",
        "SwiftProtobuf", "Foundation",
    ],
    "Sources/RouterCore": ["BusWire", "CBusProtocol"],
    "Sources/RouterProcess": ["RouterCore", "ZeroMQ", "Logging", "Glibc"],
    "Sources/Router": [
        "RouterProcess", "RouterCore", "NodeConfiguration", "NodeLogging", "ArgumentParser", "Logging",
        "Foundation", "Synchronization",
    ],
    "Sources/Conformance": [
        "ZeroMQ", "NodeProtocol", "SwiftProtobuf", "ArgumentParser", "Foundation", "Glibc",
    ],
    // The supervisor's decisions: values alone.
    "Sources/SupervisorCore": [],
    "Sources/SupervisorProcess": [
        "SupervisorCore", "NodeBus", "NodeProtocol", "NodeConfiguration", "NodeLogging", "Logging",
        "Foundation",
        "Glibc", "Synchronization",
    ],
    "Sources/spacenode": [
        "NodeCommand", "NodeOperator",
        "NodeBus", "NodeProtocol", "NodeConfiguration", "SupervisorProcess", "Traffic", "CLinux",
        "ArgumentParser", "Logging", "SwiftProtobuf", "Foundation", "Glibc", "Synchronization",
    ],
]

/// A plugin's Core: values alone.
private let allowedInCore: Set<String> = [
    "NodeDomain", "NodeEncoding", "NodeCrypto", "NodePoet", "StorageWire", "Collections",
]
/// C targets of a plugin's Core: functions of memory, without I/O or clock, each with its reason in an ADR.
private let allowedInCoreOf: [String: Set<String>] = [
    // Kernels and RandomX are what a proof is computed and judged with (ADR 0060).
    "post-worker": ["CPostKernels", "CRandomX"]
]
/// A plugin's Main: its own Core, its own C target and the shared modules.
private let allowedInMain: Set<String> = [
    "NodeBus", "NodeTasks", "NodeCommand", "NodeOperator", "NodeDomain", "NodeEncoding", "NodeCrypto",
    "NodePoet", "PoetClient", "NodeProtocol", "NodeConfiguration", "NodeFiles", "StorageClient",
    "StorageWire",
    "Logging", "ServiceLifecycle", "ArgumentParser", "SwiftProtobuf", "Foundation", "Glibc",
    "Synchronization",
]
/// Further targets of a plugin, by their folder: what they may import.
private let allowedInPart: [String: Set<String>] = [
    // Connections over TCP, for the service on the bus and for the rig that has no bus.
    "Plugins/p2p/Transport": ["P2PCore", "NodeDomain", "NodeCrypto", "NIOCore", "NIOPosix", "Glibc"],
    // Plots on disk: files and threads, for the tools and the service on the bus alike.
    "Plugins/post-worker/Plots": ["PostWorkerCore", "NodeDomain", "Foundation"],
]
/// What a plugin's Main may import of them.
private let partsOf = [
    "p2p": ["P2PCore", "P2PTransport", "NIOCore"],
    "post-worker": ["PostWorkerPlots"],
    // Its REST face.
    "poet": ["NIOCore", "NIOPosix", "NIOHTTP1"],
    // On a network of one machine rewards go to accounts of words that anybody has.
    "miner": ["NodeWallet"],
    // The signer forbids dumps of its memory, and makes its passphrase of the wallet's words.
    "signer": ["CLinux", "NodeWallet"],
]
/// The C library that one plugin alone wraps.
private let libraries = ["Storage": "CRocksDB"]

/// Modules that a file imports.
private func imports(of file: SourceFile) -> [String] {
    file.text.matches(
        of:
            /(?m)^\s*(?:(?:package|internal|private|fileprivate|public)\s+)?(?:@\w+\s+)?import\s+(?:struct\s+|class\s+|func\s+)?(\w+)/
    )
    .map { String($0.1) }
}

/// Imports that the table does not allow.
private func offenders(_ file: SourceFile) -> [String] {
    guard !file.isTest else { return imports(of: file).filter { ["CZeroMQ", "CRocksDB"].contains($0) } }
    let parts = file.folder.split(separator: "/").map(String.init)
    let may: Set<String>
    if parts[0] == "Plugins" {
        let name = parts[1].split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
        let own = ["\(name)Core"] + [libraries[name]].compactMap { $0 } + (partsOf[parts[1]] ?? [])
        may =
            parts[2] == "Core"
            ? allowedInCore.union(allowedInCoreOf[parts[1]] ?? [])
            : allowedInPart[file.folder] ?? allowedInMain.union(own)
    } else {
        guard let listed = allowed[file.folder] else { return ["\(file.folder) is not in the table"] }
        may = listed
    }
    return imports(of: file).filter { !may.contains($0) && !$0.hasPrefix("Swift.") }
}

@Suite("Imports")
struct ImportTests {
    @Test("every import is in the table")
    func table() {
        for file in SourceTree.swift() {
            #expect(offenders(file) == [], "\(file.path)")
        }
    }

    @Test("a forbidden import is found")
    func planted() {
        let core = SourceFile(path: "Sources/RouterCore/X.swift", text: "internal import ZeroMQ\n")
        #expect(offenders(core) == ["ZeroMQ"])
        let plugin = SourceFile(path: "Plugins/vm/Main/X.swift", text: "import StorageCore\nimport VmCore\n")
        #expect(offenders(plugin) == ["StorageCore"])
        let library = SourceFile(path: "Plugins/vm/Main/X.swift", text: "import CRocksDB\n")
        #expect(offenders(library) == ["CRocksDB"])
        let pure = SourceFile(path: "Plugins/vm/Core/X.swift", text: "package import Foundation\n")
        #expect(offenders(pure) == ["Foundation"])
        let foreign = SourceFile(path: "Plugins/vm/Core/X.swift", text: "internal import CRandomX\n")
        #expect(offenders(foreign) == ["CRandomX"])
        let onDisk = SourceFile(path: "Plugins/post-worker/Plots/X.swift", text: "internal import NodeBus\n")
        #expect(offenders(onDisk) == ["NodeBus"])
        let stranger = SourceFile(path: "Sources/New/X.swift", text: "")
        #expect(!offenders(stranger).isEmpty)
    }
}
