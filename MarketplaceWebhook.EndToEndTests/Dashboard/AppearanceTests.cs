using MarketplaceWebhook.Notifications;
using MarketplaceWebhook.Tests.Support;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace MarketplaceWebhook.EndToEndTests.Dashboard;

[Collection(nameof(Chromium))]
public sealed class AppearanceTests(RunningDashboard running) : IClassFixture<RunningDashboard>
{
    private const string Background = "() => getComputedStyle(document.body).backgroundColor";

    private static readonly string[] Tones = [.. KnownStatus.All, "other", "danger", "warn"];

    [Fact]
    public async Task Theme_follows_the_system_and_the_button_changes_it()
    {
        await using var tab = await running.OpenAsync(new TabOptions { Colours = ColorScheme.Dark });
        var dark = await tab.Page.EvaluateAsync<string>(Background);
        var button = tab.Page.Locator("#theme");
        await Expect(button).ToContainTextAsync("Auto");

        await button.ClickAsync();
        await Expect(button).ToContainTextAsync("Light");
        var light = await tab.Page.EvaluateAsync<string>(Background);
        await button.ClickAsync();
        await Expect(button).ToContainTextAsync("Dark");

        Assert.Equal(dark, await tab.Page.EvaluateAsync<string>(Background));
        Assert.NotEqual(dark, light);
        await tab.Page.ReloadAsync();
        await Expect(button).ToContainTextAsync("Dark");
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Text_has_sufficient_contrast(ColorScheme colours)
    {
        await using var tab = await running.OpenAsync(new TabOptions { Colours = colours });
        await tab.SendAsync("installed", Guid.NewGuid());
        await Expect(tab.Page.Locator("#installs-rows .badge").First).ToBeVisibleAsync();

        var ratios = await tab.Page.EvaluateAsync<double[]>(Contrasts, Tones);

        // WCAG 2.2, level AA, for text of this size.
        Assert.All(ratios, ratio => Assert.True(ratio >= 4.5, $"A status has the contrast {ratio:0.00}."));
        Assert.Equal(Tones.Length + 2, ratios.Length);
    }

    [Fact]
    public async Task All_controls_work_with_the_keyboard()
    {
        await using var tab = await running.OpenAsync();
        var keyboard = tab.Page.Keyboard;
        await Expect(tab.Page.Locator("#send-body")).ToHaveValueAsync(new System.Text.RegularExpressions.Regex("installed"));
        var account = Guid.NewGuid();

        await keyboard.PressAsync("Tab");
        await Expect(tab.Page.Locator(".skip")).ToBeFocusedAsync();
        await TabToAsync(tab, ".segments input[value=installed]");
        Assert.Equal(
            "solid", await tab.Page.EvaluateAsync<string>(
                "() => getComputedStyle(document.querySelector('.segments input:focus + span')).outlineStyle"));
        await keyboard.PressAsync("ArrowRight");
        await TabToAsync(tab, "#send-account");
        await keyboard.PressAsync("ControlOrMeta+a");
        await keyboard.InsertTextAsync(account.ToString());
        await TabToAsync(tab, "#send-body");
        await keyboard.PressAsync("Control+Enter");

        var row = tab.Row(account);
        await Expect(row.Locator(".badge").First).ToHaveTextAsync("started");
        await row.GetByRole(AriaRole.Link).FocusAsync();
        await keyboard.PressAsync("Enter");
        await Expect(tab.Page.Locator("#account-title")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Layout_fits_a_phone_screen()
    {
        await using var tab = await running.OpenAsync(new TabOptions { Width = 390, Height = 844 });
        var account = Guid.NewGuid();
        await Expect(tab.Page.Locator("#send-form")).ToBeHiddenAsync();
        await tab.Page.Locator("#side > summary").ClickAsync();
        await tab.SendAsync("installed", account);
        await Expect(tab.Row(account)).ToBeVisibleAsync();

        var widths = await tab.Page.EvaluateAsync<int[]>(
            "() => [document.documentElement.scrollWidth, document.querySelector('.side').offsetWidth, document.querySelector('.views').offsetWidth]");

        Assert.Equal(390, widths[0]);
        Assert.Equal(widths[1], widths[2]);
    }

    [Theory]
    [InlineData(1440)]
    [InlineData(1280)]
    public async Task Live_list_ends_at_the_bottom_of_a_row_and_shows_all_columns(int width)
    {
        await using var tab = await running.OpenAsync(new TabOptions { Width = width });
        for (var count = 0; count < 10; count++)
        {
            await running.PostAsync(count % 4 == 0 ? "{}" : NotificationBody.Of("started", Guid.NewGuid()));
        }

        await Expect(tab.Page.Locator("#feed-rows tr").Nth(9)).ToBeVisibleAsync();
        await tab.Page.WaitForFunctionAsync(
            """
            () => {
              const end = document.getElementById('feed-scroll').getBoundingClientRect().bottom;
              return [...document.querySelectorAll('#feed-rows tr')]
                .some((row) => Math.abs(row.getBoundingClientRect().bottom - end) < 1);
            }
            """);
        Assert.True(await tab.Page.EvaluateAsync<bool>(
            "() => { const list = document.getElementById('feed-scroll'); return list.scrollHeight > list.clientHeight; }"));
        Assert.True(await tab.Page.EvaluateAsync<bool>(
            "() => { const list = document.getElementById('feed-scroll'); return list.scrollWidth === list.clientWidth; }"));
    }

    private static async Task TabToAsync(Tab tab, string selector)
    {
        for (var presses = 0; presses < 20; presses++)
        {
            await tab.Page.Keyboard.PressAsync("Tab");
            if (await tab.Page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
            {
                return;
            }
        }

        Assert.Fail($"{selector} cannot be reached with Tab.");
    }

    /// <summary>
    /// The contrast of each kind of badge, and of text and hints on a card, by relative luminance as WCAG defines it.
    /// </summary>
    private const string Contrasts = """
        (tones) => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const luminance = (colour) => {
            canvas.clearRect(0, 0, 1, 1);
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => v / 255)
                        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          const card = document.querySelector('.card');
          const badges = tones.map((tone) => {
            const badge = document.createElement('span');
            badge.className = `badge ${tone}`;
            card.append(badge);
            const style = getComputedStyle(badge);
            const ratio = contrast(luminance(style.color), luminance(style.backgroundColor));
            badge.remove();
            return ratio;
          });
          const ground = luminance(getComputedStyle(card).backgroundColor);
          return [...badges, contrast(luminance(getComputedStyle(card).color), ground), contrast(luminance(getComputedStyle(document.querySelector('.hint')).color), ground)];
        }
        """;
}
