internal import NodeConfiguration
internal import StorageCore

/// Storage's configuration, with the defaults of config/storage.yaml filled in.
struct StorageSettings: Sendable {
    let directory: StorageDirectory
    var cacheBytes = 256 << 20
    var writeBufferBytes = 64 << 20
    var logBytes = 128 << 20
    var uploadBytes = 64 << 20
    var ballastBytes = 64 << 20
    var backgroundJobs = 2
    var readerThreads = 2
    var maxScans = 16

    init(_ file: StorageFile, paths: NodePaths) {
        directory = StorageDirectory(path: paths.storage)
        cacheBytes = file.cacheBytes ?? cacheBytes
        writeBufferBytes = file.writeBufferBytes ?? writeBufferBytes
        logBytes = file.logBytes ?? logBytes
        uploadBytes = file.uploadBytes ?? uploadBytes
        ballastBytes = file.ballastBytes ?? ballastBytes
        backgroundJobs = file.backgroundJobs ?? backgroundJobs
        readerThreads = file.readerThreads ?? readerThreads
        maxScans = file.maxScans ?? maxScans
    }
}
