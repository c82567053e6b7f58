/* Words of the command line, addresses and key files. */
#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#define IPC_PATH_BYTES 107          /* libzmq refuses longer ones */

static const char *value_of(const char *flag, const char *variable, int count, char *const *words)
{
    size_t size = strlen(flag);
    for (int place = 1; place < count; place++) {
        if (strncmp(words[place], flag, size) != 0) continue;
        /* A value that begins with a dash, as keys may, is written --flag=value. */
        if (words[place][size] == '=') return words[place] + size + 1;
        if (words[place][size] == 0 && place + 1 < count) return words[place + 1];
    }
    return getenv(variable);
}

int spacenode_arguments(spacenode_options *options, int count, char *const *words,
                        char text[SPACENODE_TEXT_BYTES])
{
    const struct {
        const char *flag, *variable, **field;
    } known[] = {
        {"--bus", "SPACENODE_BUS", &options->bus},
        {"--name", "SPACENODE_NAME", &options->name},
        {"--token", "SPACENODE_TOKEN", &options->token_file},
        {"--key", "SPACENODE_KEY", &options->key_file},
        {"--server-key", "SPACENODE_SERVER_KEY", &options->server_key},
    };
    for (size_t place = 0; place < sizeof known / sizeof *known; place++) {
        const char *value = value_of(known[place].flag, known[place].variable, count, words);
        if (value != NULL) *known[place].field = value;
    }
    if (options->bus != NULL) return 0;
    snprintf(text, SPACENODE_TEXT_BYTES, "%s",
             "which router? --bus ipc:DIR or --bus tcp://HOST:PORT (spacenode bus path prints DIR)");
    return SPACENODE_NO_ROUTE;
}

/* --- Addresses --- */

static bool fail(char *text, const char *format, const char *value)
{
    snprintf(text, SPACENODE_TEXT_BYTES, format, value);
    return false;
}

static bool read_ipc(spacenode *plugin, const spacenode_options *options, struct sn_address *address,
                     char *text)
{
    const char *folder = options->bus + (strncmp(options->bus, "ipc://", 6) == 0 ? 6 : 4);
    size_t size = strlen(folder), path_size = size + strlen("/tokens/") + strlen(options->role) + 1;
    if (size == 0 || size + strlen("/control.sock") > IPC_PATH_BYTES)
        return fail(text, "bus address %s: the path of its sockets must have 1 to 107 bytes", options->bus);
    snprintf(address->endpoint[SN_CONTROL_LANE], sizeof address->endpoint[0], "ipc://%s/control.sock",
             folder);
    snprintf(address->endpoint[SN_DATA_LANE], sizeof address->endpoint[0], "ipc://%s/data.sock", folder);
    if (options->token_file != NULL) {
        plugin->identity.token_path = strdup(options->token_file);
    } else {
        plugin->identity.token_path = malloc(path_size);
        if (plugin->identity.token_path != NULL)
            snprintf(plugin->identity.token_path, path_size, "%s/tokens/%s", folder, options->role);
    }
    return plugin->identity.token_path != NULL || fail(text, "no memory left%s", "");
}

static bool read_key(const char *path, char key[SN_Z85_KEY + 1])
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it stays behind */
    size_t size = fread(key, 1, SN_Z85_KEY, file);
    fclose(file);
    key[size] = 0;
    return size == SN_Z85_KEY;
}

static bool read_keys(const spacenode_options *options, struct sn_address *address, char *text)
{
    uint8_t raw[32];
    if (options->server_key == NULL || strlen(options->server_key) != SN_Z85_KEY)
        return fail(text, "%s",
                    "tcp needs the router's public key: --server-key Z85, as spacenode machine key shows it");
    snprintf(address->server_key, sizeof address->server_key, "%s", options->server_key);
    if (zmq_z85_decode(raw, address->server_key) == NULL)
        return fail(text, "--server-key %s is not 40 characters of Z85", options->server_key);
    if (options->key_file == NULL)
        return fail(text, "%s", "tcp needs this machine's key: --key FILE, made by spacenode machine key");
    if (!read_key(options->key_file, address->secret_key))
        return fail(text, "cannot read 40 characters of Z85 from %s: spacenode machine key makes it",
                    options->key_file);
    if (zmq_curve_public(address->public_key, address->secret_key) != 0)
        return fail(text, "%s holds no key in Z85: spacenode machine key makes it", options->key_file);
    return true;
}

static bool read_tcp(const spacenode_options *options, struct sn_address *address, char *text)
{
    const char *host = options->bus + strlen("tcp://"), *colon = strrchr(host, ':');
    char *end = NULL;
    errno = 0;
    long port = colon == NULL ? 0 : strtol(colon + 1, &end, 10);
    bool is_right = colon != NULL && colon > host && errno == 0 && *end == 0 && port >= 1 && port <= 65534
                    && colon - host < 200;
    if (!is_right) return fail(text, "bus address %s: write ipc:DIR or tcp://HOST:PORT", options->bus);
    for (int lane = 0; lane < 2; lane++)
        snprintf(address->endpoint[lane], sizeof address->endpoint[lane], "tcp://%.*s:%ld",
                 (int)(colon - host), host, port + lane);
    return read_keys(options, address, text);
}

bool sn_read_address(spacenode *plugin, const spacenode_options *options, struct sn_address *address,
                     char *text)
{
    memset(address, 0, sizeof *address);
    if (strncmp(options->bus, "ipc:", 4) == 0) return read_ipc(plugin, options, address, text);
    if (strncmp(options->bus, "tcp://", 6) == 0) return read_tcp(options, address, text);
    return fail(text, "bus address %s: write ipc:DIR or tcp://HOST:PORT", options->bus);
}
