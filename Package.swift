// swift-tools-version: 6.2
import PackageDescription

// MARK: - Products and targets, in dependency order

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "spacenode",
    products: [
        .executable(name: "spacenode", targets: ["spacenode"]),
        .executable(name: "spacenode-router", targets: ["Router"]),
        .executable(name: "spacenode-conformance", targets: ["Conformance"]),
        .executable(name: "spacenode-example", targets: ["ExampleMain"]),
        .executable(name: "spacenode-storage", targets: ["StorageMain"]),
        .executable(name: "spacenode-post-worker", targets: ["PostWorkerMain"]),
        .executable(name: "spacenode-miner", targets: ["MinerMain"]),
        .executable(name: "spacenode-vm", targets: ["VmMain"]),
        .executable(name: "spacenode-consensus", targets: ["ConsensusMain"]),
        .executable(name: "spacenode-mempool", targets: ["MempoolMain"]),
        .executable(name: "spacenode-signer", targets: ["SignerMain"]),
        .executable(name: "spacenode-p2p", targets: ["P2PMain"]),
        .executable(name: "spacenode-wallet", targets: ["Wallet"]),
        .executable(name: "spacenode-poet", targets: ["PoetMain"]),
        .executable(name: "spacenode-lab", targets: ["Lab"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ"),
        .systemLibrary(name: "CZstd"),
        .systemLibrary(name: "CSodium"),
        .systemLibrary(name: "CLinux"),
        .target(name: "CBusProtocol", linkerSettings: [.linkedLibrary("protobuf-c")]),
        .target(name: "CTun"),
        .target(name: "LabCore"),

        .target(name: "NodeDomain"),
        .target(name: "NodeEncoding", dependencies: ["NodeDomain"]),
        .target(name: "CSHA256"),
        .target(name: "NodeCrypto", dependencies: ["NodeDomain", "CSodium", "CSHA256"]),
        // Sequential work: how it is made, proved and judged, for the PoET, its clients and the ledger.
        .target(name: "NodePoet", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"]),
        .target(name: "PoetClient", dependencies: ["NodePoet", "NodeDomain"]),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"]),
        .target(name: "NodeLogging", dependencies: [logging]),
        .target(name: "NodeProtocol", dependencies: [protobuf]),
        .target(name: "NodeCommand", dependencies: [arguments]),
        .target(name: "BusWire"),
        .target(
            name: "NodeBus",
            dependencies: [
                "NodeProtocol", "NodeLogging", "BusWire", "ZeroMQ", logging, lifecycle, signals, protobuf,
            ]),
        .target(name: "NodeTasks", dependencies: ["NodeBus", "NodeProtocol", crypto, protobuf]),
        .target(name: "RouterCore", dependencies: ["BusWire", "CBusProtocol"]),
        .target(
            name: "NodeBusTesting",
            dependencies: ["NodeBus", "NodeProtocol", "RouterCore", "BusWire", logging]),
        // `Files` is the repository's config/.
        .target(
            name: "NodeConfiguration", dependencies: ["NodeDomain", "NodeEncoding", "LabCore", yams],
            resources: [.embedInCode("Files")]),
        .target(name: "NodeFiles"),
        .target(name: "StorageWire"),
        .target(name: "StorageClient", dependencies: ["StorageWire", "NodeBus", "NodeProtocol"]),
        .target(name: "Traffic", dependencies: ["NodeProtocol", "CZstd", protobuf]),

        .target(
            name: "NodeOperator",
            dependencies: [
                "NodeCommand", "NodeBus", "NodeProtocol", "NodeConfiguration", arguments, logging, protobuf,
            ]),

        .target(name: "RouterProcess", dependencies: ["RouterCore", "ZeroMQ", logging]),
        .executableTarget(
            name: "Router",
            dependencies: [
                "RouterProcess", "RouterCore", "NodeConfiguration", "NodeLogging", logging, arguments,
            ]),
        .target(name: "SupervisorCore"),
        .target(
            name: "SupervisorProcess",
            dependencies: [
                "SupervisorCore", "NodeBus", "NodeProtocol", "NodeConfiguration", "NodeLogging", logging,
            ]),
        .executableTarget(
            name: "spacenode",
            dependencies: [
                "NodeCommand", "NodeOperator", "NodeBus", "NodeProtocol", "NodeConfiguration",
                "SupervisorProcess", "Traffic", "CLinux",
                arguments, logging, protobuf,
            ]),
        .executableTarget(
            name: "Conformance", dependencies: ["NodeProtocol", "ZeroMQ", arguments, protobuf]),

        .target(name: "ExampleCore", path: "Plugins/example/Core"),
        .executableTarget(
            name: "ExampleMain", dependencies: ["ExampleCore", "NodeBus", "NodeProtocol"],
            path: "Plugins/example/Main"),

        .systemLibrary(name: "CRocksDB", path: "Plugins/storage/CRocksDB"),
        .target(name: "StorageCore", dependencies: ["StorageWire"], path: "Plugins/storage/Core"),
        .executableTarget(
            name: "StorageMain",
            dependencies: [
                "StorageCore", "StorageWire", "CRocksDB", "NodeOperator", "NodeCommand", "NodeBus",
                "NodeProtocol",
                "NodeConfiguration",
                lifecycle, logging, arguments, protobuf,
            ],
            path: "Plugins/storage/Main"),

        .systemLibrary(name: "CRandomX", path: "Plugins/post-worker/CRandomX"),
        .target(name: "CPostKernels", path: "Plugins/post-worker/CPostKernels"),
        .target(
            name: "PostWorkerCore",
            dependencies: ["NodeDomain", "NodeCrypto", "NodeEncoding", "CRandomX", "CPostKernels"],
            path: "Plugins/post-worker/Core"),
        .target(
            name: "PostWorkerPlots", dependencies: ["PostWorkerCore", "NodeDomain"],
            path: "Plugins/post-worker/Plots"),
        .executableTarget(
            name: "PostWorkerMain",
            dependencies: [
                "PostWorkerCore", "PostWorkerPlots", "NodeCommand", "NodeDomain", "NodeEncoding", "NodeBus",
                "NodeTasks",
                "NodeProtocol",
                "NodeConfiguration", lifecycle, logging, arguments, protobuf,
            ],
            path: "Plugins/post-worker/Main"),

        .target(
            name: "MinerCore", dependencies: ["NodeDomain", "NodeEncoding"], path: "Plugins/miner/Core"),
        .executableTarget(
            name: "MinerMain",
            dependencies: [
                "MinerCore", "NodeCommand", "NodeOperator", "NodeTasks", "NodeBus", "NodeProtocol",
                "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", "NodePoet", "NodeWallet",
                "NodeFiles", "PoetClient",
                arguments, logging, lifecycle, protobuf,
            ],
            path: "Plugins/miner/Main"),
        .target(
            name: "NodeWallet", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            resources: [.embedInCode("Files")]),
        .executableTarget(
            name: "Lab",
            dependencies: [
                "LabCore", "CTun", "NodeCommand", "NodeOperator", "NodeBus", "NodeProtocol",
                "NodeConfiguration", "SupervisorProcess", "NodeDomain", "NodeEncoding", "NodeCrypto",
                arguments, protobuf,
            ]),
        .executableTarget(
            name: "Wallet",
            dependencies: [
                "NodeWallet", "NodeCommand", "NodeOperator", "NodeBus", "NodeProtocol", "NodeDomain",
                "NodeEncoding", "NodeCrypto", "CLinux", arguments, protobuf,
            ]),

        .target(
            name: "VmCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto", "StorageWire"],
            path: "Plugins/vm/Core"),
        .executableTarget(
            name: "VmMain",
            dependencies: [
                "VmCore", "StorageClient", "StorageWire", "NodeOperator", "NodeCommand", "NodeBus",
                "NodeProtocol", "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", "NodePoet",
                lifecycle, logging, arguments, protobuf,
            ],
            path: "Plugins/vm/Main"),

        .target(
            name: "ConsensusCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/consensus/Core"),

        .executableTarget(
            name: "ConsensusMain",
            dependencies: [
                "ConsensusCore", "StorageClient", "StorageWire", "NodeFiles", "NodeCommand", "NodeBus",
                "NodeProtocol",
                "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", lifecycle, logging,
                arguments,
                protobuf,
            ],
            path: "Plugins/consensus/Main"),
        .target(
            name: "MempoolCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/mempool/Core"),
        .executableTarget(
            name: "MempoolMain",
            dependencies: [
                "MempoolCore", "NodeFiles", "NodeCommand", "NodeBus", "NodeProtocol", "NodeConfiguration",
                "NodeDomain",
                "NodeEncoding", lifecycle, logging, arguments, protobuf,
            ],
            path: "Plugins/mempool/Main"),
        .target(
            name: "SignerCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/signer/Core"),
        .executableTarget(
            name: "SignerMain",
            dependencies: [
                "SignerCore", "NodeWallet", "CLinux", "NodeCommand", "NodeBus", "NodeProtocol",
                "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", lifecycle, logging,
                arguments,
                protobuf,
            ],
            path: "Plugins/signer/Main"),

        .target(
            name: "PoetCore", dependencies: ["NodePoet", "NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/poet/Core"),
        .executableTarget(
            name: "PoetMain",
            dependencies: [
                "PoetCore", "PoetClient", "NodePoet", "NodeFiles", "NodeCommand", "NodeBus", "NodeProtocol",
                "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", nioCore, nioPosix, nioHTTP,
                lifecycle, logging, arguments, protobuf,
            ],
            path: "Plugins/poet/Main"),

        .target(
            name: "P2PCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/p2p/Core",
            sources: [
                "Common", "Connection", "Gossip", "Identity", "Muxing", "Node", "Peers", "Requests",
                "Security", "Wire",
            ]),
        .target(
            name: "P2PTransport", dependencies: ["P2PCore", "NodeDomain", "NodeCrypto", nioCore, nioPosix],
            path: "Plugins/p2p/Transport"),
        .executableTarget(
            name: "P2PMain",
            dependencies: [
                "P2PCore", "P2PTransport", "NodeOperator", "NodeCommand", "NodeFiles", "NodeBus",
                "NodeProtocol",
                "NodeConfiguration", "NodeDomain", "NodeEncoding", "NodeCrypto", nioCore, lifecycle, logging,
                arguments, protobuf,
            ],
            path: "Plugins/p2p/Main"),

        .target(name: "TestSupport", dependencies: [arguments, logging], path: "Tests/TestSupport"),
        .target(name: "RigBus", dependencies: ["NodeBus", "NodeProtocol", logging], path: "Tests/RigBus"),
        .executableTarget(
            name: "BusRig", dependencies: ["TestSupport", "NodeBus", "NodeProtocol", arguments, logging],
            path: "Tests/BusRig",
            exclude: ["planted"]),
        .executableTarget(
            name: "StorageRig",
            dependencies: [
                "RigBus", "TestSupport", "StorageClient", "StorageWire", "NodeBus", "NodeProtocol", arguments,
                logging,
            ],
            path: "Tests/StorageRig",
            exclude: ["rig"]),
        .target(
            name: "LedgerSupport",
            dependencies: [
                "TestSupport", "VmCore", "NodeConfiguration", "NodeCrypto", "NodeDomain", "NodeEncoding",
                "NodeProtocol", protobuf,
            ],
            path: "Tests/LedgerSupport"),
        .executableTarget(
            name: "VmRig",
            dependencies: [
                "LedgerSupport", "RigBus", "TestSupport", "NodeDomain", "NodeBus", "NodeProtocol",
                "StorageClient",
                "StorageWire", arguments, logging,
            ],
            path: "Tests/VmRig",
            exclude: ["rig", "node.py"]),
        .executableTarget(
            name: "DevnetRig",
            dependencies: [
                "RigBus", "TestSupport", "NodeWallet", "NodeCrypto", "NodeDomain", "NodeEncoding", "NodeBus",
                "NodeProtocol", arguments, logging, protobuf,
            ],
            path: "Tests/DevnetRig",
            exclude: ["rig", "points", "node.py", "crash.c"]),
        .executableTarget(
            name: "P2PRig",
            dependencies: [
                "TestSupport", "P2PTransport", "P2PCore", "NodeCrypto", "NodeDomain", "NodeEncoding",
                arguments, nioCore,
            ],
            path: "Tests/P2PRig",
            exclude: ["rig", "abuse.py", "cycles.py", "interop.py", "peer.py", "processes.py", "wire.py"]),
        .target(
            name: "ConsensusSim",
            dependencies: ["TestSupport", "ConsensusCore", "NodeDomain", "NodeEncoding"],
            path: "Tests/ConsensusSim"),
        .executableTarget(
            name: "ConsensusRig",
            dependencies: [
                "TestSupport", "ConsensusSim", "ConsensusCore", "NodeCrypto", "NodeDomain", "NodeEncoding",
                arguments,
            ],
            path: "Tests/ConsensusRig"),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "BusWire", "CBusProtocol", "NodeBus", "NodeProtocol", "RouterCore", "NodeDomain",
                "NodeEncoding", "NodeCrypto", "VmCore", "ConsensusCore", "MempoolCore", "SignerCore",
                "P2PCore", "PoetCore", "PoetClient", "NodePoet", logging,
                protobuf,
            ],
            path: "Tests/Fuzz/Targets"),
        .testTarget(name: "FuzzReplayTests", dependencies: ["FuzzTargets"]),
        .executableTarget(
            name: "BusBench",
            dependencies: ["RouterProcess", "RouterCore", "NodeBus", "NodeProtocol", arguments, logging],
            path: "Tests/BusBench"),
        .executableTarget(
            name: "TreeBench", dependencies: ["TestSupport", "VmCore", "NodeCrypto", "NodeDomain"],
            path: "Tests/TreeBench"),
        .testTarget(name: "ArchitectureTests"),
        .testTarget(name: "NodeDomainTests", dependencies: ["NodeDomain"]),
        .testTarget(name: "NodeEncodingTests", dependencies: ["TestSupport", "NodeEncoding", "NodeDomain"]),
        .testTarget(name: "NodeCryptoTests", dependencies: ["NodeCrypto", "NodeDomain"]),
        .testTarget(
            name: "PostWorkerCoreTests",
            dependencies: ["PostWorkerCore", "NodeDomain", "NodeEncoding", crypto]),
        .testTarget(
            name: "PostWorkerPlotsTests", dependencies: ["PostWorkerPlots", "PostWorkerCore", "NodeDomain"]),
        .testTarget(name: "MinerCoreTests", dependencies: ["MinerCore", "NodeDomain", "NodeEncoding"]),
        .testTarget(name: "NodeWalletTests", dependencies: ["NodeWallet", "NodeCrypto", "NodeDomain"]),
        .testTarget(
            name: "VmCoreTests",
            dependencies: ["TestSupport", "VmCore", "NodeCrypto", "NodeDomain", "NodeEncoding"]),
        .testTarget(
            name: "ConsensusCoreTests",
            dependencies: ["TestSupport", "ConsensusCore", "NodeCrypto", "NodeDomain", "NodeEncoding"]),
        .testTarget(
            name: "MempoolCoreTests",
            dependencies: ["TestSupport", "MempoolCore", "NodeDomain", "NodeEncoding"]),
        .testTarget(
            name: "P2PCoreTests",
            dependencies: ["TestSupport", "P2PCore", "NodeCrypto", "NodeDomain", "NodeEncoding"],
            sources: ["Gossip", "Node", "Peers", "Requests", "Transport"]),
        .testTarget(
            name: "P2PTransportTests",
            dependencies: ["P2PTransport", "P2PCore", "NodeCrypto", "NodeDomain", nioCore, nioPosix]),
        .testTarget(
            name: "SignerCoreTests",
            dependencies: ["TestSupport", "SignerCore", "NodeCrypto", "NodeDomain", "NodeEncoding"]),
        .testTarget(
            name: "NodePoetTests",
            dependencies: ["TestSupport", "NodePoet", "NodeCrypto", "NodeDomain", "NodeEncoding"]),
        .testTarget(
            name: "PoetCoreTests",
            dependencies: ["TestSupport", "PoetCore", "NodePoet", "NodeCrypto", "NodeDomain", "NodeEncoding"]),
        .testTarget(name: "PoetClientTests", dependencies: ["PoetClient", "NodePoet", "NodeDomain"]),
        .testTarget(name: "ZeroMQTests", dependencies: ["ZeroMQ"]),
        .testTarget(
            name: "RouterCoreTests", dependencies: ["RouterCore", "BusWire", "NodeProtocol", protobuf]),
        .testTarget(name: "SupervisorCoreTests", dependencies: ["SupervisorCore"]),
        .testTarget(
            name: "SupervisorProcessTests", dependencies: ["SupervisorProcess", "NodeConfiguration"]),
        .testTarget(name: "TrafficTests", dependencies: ["Traffic", "NodeProtocol", protobuf]),
        .testTarget(name: "NodeConfigurationTests", dependencies: ["NodeConfiguration", "LabCore"]),
        .testTarget(name: "LabCoreTests", dependencies: ["LabCore"]),
        .testTarget(
            name: "NodeBusTests", dependencies: ["NodeBus", "BusWire", "NodeProtocol", logging, protobuf]),
        .testTarget(
            name: "ConformanceTests",
            dependencies: ["NodeProtocol", "CBusProtocol", "BusWire", "RouterCore", protobuf]),
        .testTarget(
            name: "NodeTasksTests", dependencies: ["NodeTasks", "NodeBusTesting", "NodeBus", "NodeProtocol"]),
        .testTarget(name: "StorageCoreTests", dependencies: ["StorageCore", "StorageWire"]),
        .testTarget(name: "SimulationTests", dependencies: ["NodeBusTesting", "NodeBus", "NodeProtocol"]),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "LedgerSupport", "NodeBus", "NodeProtocol", "NodeTasks", "NodeDomain", "NodeEncoding",
                "NodeCrypto", "PostWorkerCore", "SignerCore", "StorageClient", "StorageWire", "VmCore",
                "ZeroMQ",
                logging, protobuf,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// MARK: - Settings of every target of ours

let inC = ["CBusProtocol", "CPostKernels", "CSHA256", "CTun"]
for target in package.targets where target.type != .system && !inC.contains(target.name) {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .treatAllWarnings(as: .error),
    ]
}
