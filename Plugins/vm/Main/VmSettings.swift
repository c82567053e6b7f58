internal import NodeConfiguration

/// The ledger's configuration, with the defaults of config/vm.yaml filled in.
struct VmSettings: Sendable {
    /// For how long versions are kept.
    private static let keptMilliseconds: UInt64 = 28 * 86_400_000

    var network = "devnet"
    var isArchive = false
    var treeCacheBytes = 256 << 20
    var recordCacheBytes = 128 << 20
    var signatureThreads = 0

    init(_ file: VmFile) {
        network = file.network ?? network
        isArchive = file.archive ?? isArchive
        treeCacheBytes = file.treeCacheBytes ?? treeCacheBytes
        recordCacheBytes = file.recordCacheBytes ?? recordCacheBytes
        signatureThreads = file.signatureThreads ?? signatureThreads
    }

    /// Blocks whose versions are kept; nil: all.
    func keptHeights(blockInterval: UInt64) -> UInt64? {
        isArchive ? nil : Self.keptMilliseconds / max(1, blockInterval)
    }
}
