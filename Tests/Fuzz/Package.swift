// swift-tools-version: 6.2
import PackageDescription

// Fuzzing with libFuzzer: a package of its own, as everything must be compiled with -sanitize=fuzzer. `Sources` and
// `Plugins` are links to the sources of the node. Built and run by scripts/soak.d/fuzz.

let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")

let package = Package(
    name: "fuzz",
    products: [.executable(name: "BusFuzz", targets: ["BusFuzz"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-protobuf", exact: "1.39.0"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ", path: "Sources/CZeroMQ"),
        .target(
            name: "CBusProtocol", path: "Sources/CBusProtocol", linkerSettings: [.linkedLibrary("protobuf-c")]
        ),
        .target(name: "ZeroMQ", dependencies: ["CZeroMQ"], path: "Sources/ZeroMQ"),
        .target(name: "NodeProtocol", dependencies: [protobuf], path: "Sources/NodeProtocol"),
        .target(name: "BusWire", path: "Sources/BusWire"),
        .target(name: "NodeLogging", dependencies: [logging], path: "Sources/NodeLogging"),
        .target(
            name: "NodeBus",
            dependencies: [
                "NodeProtocol", "NodeLogging", "BusWire", "ZeroMQ", logging, lifecycle, signals, protobuf,
            ],
            path: "Sources/NodeBus"),
        .target(name: "RouterCore", dependencies: ["BusWire", "CBusProtocol"], path: "Sources/RouterCore"),
        .systemLibrary(name: "CSodium", path: "Sources/CSodium"),
        .target(name: "NodeDomain", path: "Sources/NodeDomain"),
        .target(name: "NodeEncoding", dependencies: ["NodeDomain"], path: "Sources/NodeEncoding"),
        .target(name: "CSHA256", path: "Sources/CSHA256"),
        .target(
            name: "NodeCrypto", dependencies: ["NodeDomain", "CSodium", "CSHA256"], path: "Sources/NodeCrypto"
        ),
        .target(
            name: "NodePoet", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Sources/NodePoet"),
        .target(name: "PoetClient", dependencies: ["NodePoet", "NodeDomain"], path: "Sources/PoetClient"),
        .target(
            name: "PoetCore", dependencies: ["NodePoet", "NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/poet/Core"),
        .target(name: "StorageWire", path: "Sources/StorageWire"),
        .target(
            name: "VmCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto", "StorageWire"],
            path: "Plugins/vm/Core"),
        .target(
            name: "ConsensusCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/consensus/Core"),
        .target(
            name: "MempoolCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/mempool/Core"),
        .target(
            name: "SignerCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/signer/Core"),
        .target(
            name: "P2PCore", dependencies: ["NodeDomain", "NodeEncoding", "NodeCrypto"],
            path: "Plugins/p2p/Core"),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "BusWire", "CBusProtocol", "NodeBus", "NodeProtocol", "RouterCore", "NodeDomain",
                "NodeEncoding", "NodeCrypto", "VmCore", "ConsensusCore", "MempoolCore", "SignerCore",
                "P2PCore", "PoetCore", "PoetClient", "NodePoet", logging,
                protobuf,
            ],
            path: "Targets"),
        .executableTarget(
            name: "BusFuzz", dependencies: ["FuzzTargets"], path: "Main",
            swiftSettings: [.unsafeFlags(["-parse-as-library"])]),
    ],
    swiftLanguageModes: [.v6]
)

for target in package.targets
where target.type != .system && !["CBusProtocol", "CSHA256"].contains(target.name) {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
