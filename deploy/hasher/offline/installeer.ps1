# Installs the hasher for the user who runs this: no administrator, no network.
#
#   installeer.cmd                     install, or upgrade
#   installeer.cmd -Python PROGRAMMA   with this Python
#   installeer.cmd -Verwijder          remove
#
# Exit codes: 0 done; 2 wrong use; 3 no suitable Python; 4 files damaged; 5 installing failed,
# what was there is back; 6 something is in the way.
#
# Only cmdlets and operators, no methods of .NET: so it also runs where PowerShell is held to its
# constrained language. Only ASCII: Windows PowerShell 5.1 reads anything else wrongly.
param(
    [string] $Python = '',
    [switch] $Verwijder
)
$ErrorActionPreference = 'Stop'

$map = Join-Path $env:LOCALAPPDATA 'moj-hasher'
$venv = Join-Path $map 'venv'
$vorige = Join-Path $map 'venv.vorige'
$starter = Join-Path $map 'hasher.cmd'
$inVenv = Join-Path $venv 'Scripts\python.exe'
$start = 'from shared.hashing.cli import main; main()'

function Stop-Met($Code, $Fout, $WatNu) {
    Write-Host "FOUT: $Fout"
    Write-Host "  Wat nu: $WatNu"
    exit $Code
}

function Test-Bestanden {
    $lijst = Join-Path $PSScriptRoot 'SHA256SUMS'
    if (-not (Test-Path -LiteralPath $lijst)) { return $false }
    $regels = @(Get-Content -LiteralPath $lijst | Where-Object { $_ })
    foreach ($regel in $regels) {
        $hash, $naam = $regel -split '  ', 2
        $bestand = Join-Path $PSScriptRoot $naam
        if (-not (Test-Path -LiteralPath $bestand)) { return $false }
        $gevonden = (Get-FileHash -LiteralPath $bestand -Algorithm SHA256).Hash
        if ($gevonden -ne $hash) { return $false }
    }
    return $regels.Count -gt 0
}

function Find-Python {
    # A Python that is not there writes to stderr; with Stop, PowerShell 5.1 would end on that.
    $ErrorActionPreference = 'Continue'
    $geschikt = Join-Path $PSScriptRoot 'geschikt.py'
    if ($Python) {
        $gevonden = & $Python -I $geschikt
        if ($LASTEXITCODE -eq 0) { return $gevonden }
        return
    }
    if (Get-Command 'py.exe' -ErrorAction SilentlyContinue) {
        foreach ($versie in '-3.13', '-3.12', '-3.11') {
            $gevonden = & py.exe $versie -I $geschikt 2>$null
            if ($LASTEXITCODE -eq 0) { return $gevonden }
        }
    }
    if (Get-Command 'python.exe' -ErrorAction SilentlyContinue) {
        $gevonden = & python.exe -I $geschikt
        if ($LASTEXITCODE -eq 0) { return $gevonden }
    }
}

function Remove-Map($Pad) {
    if (Test-Path -LiteralPath $Pad) { Remove-Item -LiteralPath $Pad -Recurse -Force }
}

function Restore-Vorige {
    # An earlier run that was cut off left the version that worked aside.
    if (Test-Path -LiteralPath $vorige) {
        Remove-Map $venv
        Rename-Item -LiteralPath $vorige -NewName 'venv'
    }
}

function Install-Wheels($Gevonden) {
    $ErrorActionPreference = 'Continue'
    & $Gevonden -I -m venv $venv | Out-Host
    if ($LASTEXITCODE -ne 0) { return $false }
    $env:PIP_CONFIG_FILE = 'nul'
    $wheels = Join-Path $PSScriptRoot 'wheels'
    $lock = Join-Path $PSScriptRoot 'requirements.lock'
    & $inVenv -I -m pip --isolated install --quiet --disable-pip-version-check --no-input --no-cache-dir --no-index --find-links $wheels '--only-binary=:all:' --require-hashes -r $lock | Out-Host
    if ($LASTEXITCODE -ne 0) { return $false }
    & $inVenv -I -c $start --version | Out-Host
    return $LASTEXITCODE -eq 0
}

if ($Verwijder) {
    try { Remove-Map $map }
    catch { Stop-Met 6 "de map $map is niet te verwijderen." 'sluit alle vensters waarin de hasher draait en probeer het opnieuw.' }
    Write-Host 'De hasher is verwijderd. Uw eigen map met sleutels (MOJ_HOME of .moj) is er nog.'
    exit 0
}

if (-not (Test-Bestanden)) {
    Stop-Met 4 'de bestanden zijn beschadigd, veranderd of niet compleet.' 'pak de zip opnieuw uit; blijft het zo, haal de zip dan opnieuw en vergelijk de hash.'
}
$gevonden = Find-Python
if (-not $gevonden) {
    Stop-Met 3 'er is geen geschikte Python gevonden.' 'vraag uw beheerder om Python 3.11, 3.12 of 3.13 (64-bits, niet uit de Microsoft Store); of noem er een: -Python PROGRAMMA'
}
try {
    New-Item -ItemType Directory -Path $map -Force | Out-Null
    Restore-Vorige
    if (Test-Path -LiteralPath $venv) { Rename-Item -LiteralPath $venv -NewName 'venv.vorige' }
}
catch { Stop-Met 6 "de map $map is niet te gebruiken." 'sluit alle vensters waarin de hasher draait, en kijk of u daar mag schrijven.' }

if (-not (Install-Wheels $gevonden)) {
    Remove-Map $venv
    Restore-Vorige
    Stop-Met 5 'installeren is niet gelukt. Wat er al stond, is er nog.' 'kijk naar de regels hierboven en of er 1 GB ruimte vrij is op de schijf.'
}
Remove-Map $vorige
# Through python.exe: the hasher.exe that pip makes is not signed, and may not start.
Set-Content -LiteralPath $starter -Encoding Ascii -Value '@echo off', "`"%~dp0venv\Scripts\python.exe`" -I -X utf8 -c `"$start`" %*"
Write-Host "Klaar. Starten: $starter"
Write-Host 'Zet die map in uw PATH, dan is hasher genoeg (zie LEESMIJ.txt).'
exit 0
