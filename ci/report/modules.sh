# Sourced by the scripts that drive a browser, after ci/install.sh: Chromium, and the modules of ci/report/package.json.

find_browser() { command -v chromium || command -v google-chrome || command -v chromium-browser; }

# browser_modules: sets CHROMIUM and REPORT_MODULES, and installs what is missing.
browser_modules() {
    local modules=${CARGO_TARGET_DIR:-target}/report-modules
    CHROMIUM=${CHROMIUM:-$(find_browser || true)}
    [ -n "$CHROMIUM" ] || { install_packages chromium fonts-dejavu-core && CHROMIUM=$(find_browser); }
    command -v npm >/dev/null || install_packages nodejs npm
    mkdir -p "$modules"
    modules=$(cd "$modules" && pwd)
    if ! cmp -s ci/report/package.json "$modules/package.json" || [ ! -d "$modules/node_modules" ]; then
        cp ci/report/package.json "$modules/package.json"
        npm install --prefix "$modules" --no-audit --no-fund --no-package-lock --silent
    fi
    REPORT_MODULES=$modules
    export CHROMIUM REPORT_MODULES
}
